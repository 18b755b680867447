"""What the cases share: the server that they are given, a mount and an auth method of each kind, a policy, and checks."""

import json
import sys
import time
import warnings

import hvac

# hvac says which defaults its next major version will change.
warnings.simplefilter("ignore", DeprecationWarning)

given = json.load(sys.stdin)
TOKEN = given["token"]
CASES = {}


def case(name):
    def add(perform):
        assert name not in CASES, name
        CASES[name] = perform
        return perform

    return add


def connect(token=None, **more):
    # hvac takes an empty token for none; `None` makes it look into the environment and the home folder.
    return hvac.Client(url=given["address"], token=token or "", **more)


def name(what):
    return f"hvac-{what}-{given['run']}"


class refused:
    """`with refused(exceptions.Forbidden, "permission denied") as raised:`"""

    def __init__(self, kind, words=""):
        self.kind, self.words = kind, words

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        assert error is not None, f"{self.kind.__name__} was expected, and nothing was raised"
        if type(error) is not self.kind:
            return False
        assert self.words in str(error), str(error)
        self.error = error
        return True


vault = connect(TOKEN)
KV1, KV2, APPROLE, USERPASS, READER = (name(what) for what in ("kv1", "kv2", "approle", "userpass", "reader"))
kv1, kv2, tokens, approle, userpass = (
    vault.secrets.kv.v1,
    vault.secrets.kv.v2,
    vault.auth.token,
    vault.auth.approle,
    vault.auth.userpass,
)
vault.sys.enable_secrets_engine("kv", path=KV1, options={"version": "1"})
vault.sys.enable_secrets_engine("kv", path=KV2, options={"version": "2"})
vault.sys.enable_auth_method("approle", path=APPROLE)
vault.sys.enable_auth_method("userpass", path=USERPASS)
vault.sys.create_or_update_policy(READER, f'path "{KV2}/data/open" {{ capabilities = ["read"] }}')


def put(path, secret, cas=None):
    return kv2.create_or_update_secret(path, secret, cas=cas, mount_point=KV2)["data"]


def get(path, version=None, client=vault):
    return client.secrets.kv.v2.read_secret_version(path, version=version, mount_point=KV2)["data"]


# Another server upgrades a new mount in the background, and refuses writes for a moment.
if not given["embedded"]:
    time.sleep(1)
put("open", {"word": "open to the reader"})


def child(**options):
    return tokens.create(**{"policies": [READER], "ttl": "1h", **options})["auth"]


def new_role(role, **settings):
    approle.create_or_update_approle(role, token_policies=[READER], token_ttl="1h", mount_point=APPROLE, **settings)
    return approle.read_role_id(role, mount_point=APPROLE)["data"]["role_id"]


def new_user(username):
    userpass.create_or_update_user(
        username, password=name("password"), mount_point=USERPASS, token_policies=[READER], token_ttl="1h"
    )


def log_in(username, password=None):
    client = connect()
    client.auth.userpass.login(username, password or name("password"), mount_point=USERPASS)
    return client
