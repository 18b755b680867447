"""hvac against a Vault: reads what it is to use from standard input, reports each case as a line of JSON.

It asserts what users of hvac see: what its methods return, and its own exceptions.
"""

import json
import pathlib
import re
import sys
import time
import traceback
import warnings

import hvac
import requests
from hvac import exceptions

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


@case("kv 1: write, read, list, delete")
def _():
    assert kv1.create_or_update_secret("team/one", {"word": "first", "count": 1}, mount_point=KV1).status_code == 204
    kv1.create_or_update_secret("team/two", {"word": "second"}, mount_point=KV1)
    assert kv1.read_secret("team/one", mount_point=KV1)["data"] == {"word": "first", "count": 1}
    assert kv1.list_secrets("team", mount_point=KV1)["data"]["keys"] == ["one", "two"]
    assert kv1.delete_secret("team/one", mount_point=KV1).status_code == 204
    with refused(exceptions.InvalidPath):
        kv1.read_secret("team/one", mount_point=KV1)


@case("kv 1: what is not there")
def _():
    with refused(exceptions.InvalidPath) as raised:
        kv1.read_secret("nowhere", mount_point=KV1)
    assert raised.error.errors == [], raised.error.errors
    with refused(exceptions.InvalidPath):
        kv1.list_secrets("nowhere", mount_point=KV1)


@case("kv 2: write and read")
def _():
    secret = {"word": "first", "nested": {"list": [1, 2.5, None, True]}, "big": 12345678901234567}
    written = put("plain", secret)
    assert written["version"] == 1 and written["destroyed"] is False, written
    read = get("plain")
    assert read["data"]["word"] == "first" and read["data"]["nested"] == secret["nested"], read
    assert read["metadata"]["version"] == 1 and read["metadata"]["deletion_time"] == "", read


@case("kv 2: check-and-set, as it should be")
def _():
    assert put("checked", {"n": 1}, cas=0)["version"] == 1
    assert put("checked", {"n": 2}, cas=1)["version"] == 2


@case("kv 2: check-and-set, the wrong version")
def _():
    put("unchecked", {"n": 1})
    with refused(exceptions.InvalidRequest) as raised:
        put("unchecked", {"n": 2}, cas=7)
    assert raised.error.errors == ["check-and-set parameter did not match the current version"], raised.error.errors
    assert get("unchecked")["data"] == {"n": 1}


@case("kv 2: an older version")
def _():
    put("versions", {"n": 1})
    put("versions", {"n": 2})
    assert get("versions", version=1)["data"] == {"n": 1}
    assert get("versions")["data"] == {"n": 2}
    with refused(exceptions.InvalidPath):
        get("versions", version=9)


@case("kv 2: patch")
def _():
    put("patched", {"kept": 1, "changed": 2})
    assert kv2.patch("patched", {"changed": 20, "added": 4}, mount_point=KV2)["data"]["version"] == 2
    assert get("patched")["data"] == {"kept": 1, "changed": 20, "added": 4}
    with refused(exceptions.InvalidPath, "patch only works on existing data"):
        kv2.patch("nothing-to-patch", {"n": 1}, mount_point=KV2)


@case("kv 2: delete and undelete")
def _():
    put("deleted", {"n": 1})
    assert kv2.delete_latest_version_of_secret("deleted", mount_point=KV2).status_code == 204
    with refused(exceptions.InvalidPath) as raised:
        get("deleted")
    assert raised.error.json["data"]["metadata"]["deletion_time"] != ""
    assert kv2.undelete_secret_versions("deleted", [1], mount_point=KV2).status_code == 204
    assert get("deleted")["data"] == {"n": 1}
    kv2.delete_secret_versions("deleted", [1], mount_point=KV2)
    with refused(exceptions.InvalidPath):
        get("deleted")


@case("kv 2: destroy")
def _():
    put("destroyed", {"n": 1})
    put("destroyed", {"n": 2})
    assert kv2.destroy_secret_versions("destroyed", [1], mount_point=KV2).status_code == 204
    with refused(exceptions.InvalidPath) as raised:
        get("destroyed", version=1)
    assert raised.error.json["data"]["metadata"]["destroyed"] is True
    assert get("destroyed")["data"] == {"n": 2}


@case("kv 2: settings and custom metadata")
def _():
    custom = {"owner": "team", "stage": "test"}
    kv2.update_metadata("described", max_versions=2, custom_metadata=custom, mount_point=KV2)
    for n in (1, 2, 3):
        put("described", {"n": n})
    metadata = kv2.read_secret_metadata("described", mount_point=KV2)["data"]
    assert metadata["max_versions"] == 2 and metadata["custom_metadata"] == custom, metadata
    assert sorted(metadata["versions"]) == ["2", "3"], metadata
    assert get("described")["metadata"]["custom_metadata"] == custom
    kv2.configure(max_versions=7, mount_point=KV2)
    assert kv2.read_configuration(mount_point=KV2)["data"]["max_versions"] == 7


@case("kv 2: list, and all of a key removed")
def _():
    put("folder/a", {"n": 1})
    put("folder/sub/b", {"n": 1})
    assert kv2.list_secrets("folder", mount_point=KV2)["data"]["keys"] == ["a", "sub/"]
    assert kv2.delete_metadata_and_all_versions("folder/a", mount_point=KV2).status_code == 204
    assert kv2.list_secrets("folder", mount_point=KV2)["data"]["keys"] == ["sub/"]
    with refused(exceptions.InvalidPath):
        kv2.read_secret_metadata("folder/a", mount_point=KV2)


@case("kv 2: what is not there")
def _():
    with refused(exceptions.InvalidPath):
        get("nowhere")
    with refused(exceptions.InvalidPath):
        kv2.list_secrets("nowhere", mount_point=KV2)


@case("tokens: create with options")
def _():
    auth = child(display_name="robot", num_uses=5, meta={"made": "here"}, explicit_max_ttl="2h")
    assert auth["policies"] == sorted(["default", READER]) and auth["lease_duration"] == 3600, auth["policies"]
    seen = tokens.lookup(auth["client_token"])["data"]
    assert seen["display_name"] == "token-robot" and seen["num_uses"] == 5 and seen["meta"] == {"made": "here"}
    assert seen["explicit_max_ttl"] == 7200 and seen["orphan"] is False
    orphan = tokens.create_orphan(policies=[READER], no_default_policy=True)["auth"]
    assert orphan["policies"] == [READER] and orphan["orphan"] is True


@case("tokens: look-up by token, by accessor, of oneself")
def _():
    auth = child()
    own = connect(auth["client_token"]).auth.token.lookup_self()["data"]
    assert own["id"] == auth["client_token"] and own["accessor"] == auth["accessor"]
    assert own["type"] == "service" and isinstance(own["ttl"], int) and own["expire_time"]
    assert tokens.lookup(auth["client_token"])["data"]["accessor"] == auth["accessor"]
    assert tokens.lookup_accessor(auth["accessor"])["data"]["id"] == ""
    assert auth["accessor"] in tokens.list_accessors()["data"]["keys"]


@case("tokens: renew")
def _():
    auth = child(ttl="10m")
    client = connect(auth["client_token"])
    assert client.auth.token.renew_self(increment="20m")["auth"]["lease_duration"] == 1200
    assert tokens.renew(auth["client_token"], increment="30m")["auth"]["lease_duration"] == 1800
    assert tokens.renew_accessor(auth["accessor"], increment="40m")["auth"]["lease_duration"] == 2400


@case("tokens: revoke")
def _():
    gone = [child() for _ in range(4)]
    assert tokens.revoke(gone[0]["client_token"]).status_code == 204
    tokens.revoke_accessor(gone[1]["accessor"])
    connect(gone[2]["client_token"]).auth.token.revoke_self()
    tokens.revoke_and_orphan_children(gone[3]["client_token"])
    for auth in gone:
        with refused(exceptions.Forbidden, "permission denied"):
            connect(auth["client_token"]).auth.token.lookup_self()


@case("tokens: roles")
def _():
    role = name("role")
    tokens.create_or_update_role(role, allowed_policies=[READER], orphan=True, renewable=False)
    assert tokens.read_role(role)["data"]["orphan"] is True
    assert role in tokens.list_roles()["data"]["keys"]
    auth = tokens.create(role_name=role, policies=[READER], ttl="5m")["auth"]
    assert auth["renewable"] is False
    assert tokens.lookup(auth["client_token"])["data"]["role"] == role
    with refused(exceptions.InvalidRequest):
        tokens.create(role_name=role, policies=["other"])
    assert tokens.delete_role(role).status_code == 204
    with refused(exceptions.InvalidPath):
        tokens.read_role(role)


@case("tokens: batch")
def _():
    auth = child(type="batch", ttl="5m")
    assert re.match(r"(hvb|b)\.", auth["client_token"]) and auth["accessor"] == ""
    client = connect(auth["client_token"])
    assert client.auth.token.lookup_self()["data"]["type"] == "batch"
    assert get("open", client=client)["data"] == {"word": "open to the reader"}
    with refused(exceptions.InvalidRequest):
        tokens.revoke(auth["client_token"])


@case("tokens: a wrong one")
def _():
    with refused(exceptions.Forbidden, "permission denied"):
        connect("hvs.nobody").auth.token.lookup_self()


@case("approle: role, role_id, secret_id, login")
def _():
    role_id = new_role("robot", token_max_ttl="2h", secret_id_num_uses=1)
    assert "robot" in approle.list_roles(mount_point=APPROLE)["data"]["keys"]
    settings = approle.read_role("robot", mount_point=APPROLE)["data"]
    assert settings["token_ttl"] == 3600 and settings["token_max_ttl"] == 7200
    made = approle.generate_secret_id("robot", metadata={"made": "here"}, mount_point=APPROLE)["data"]
    seen = approle.read_secret_id("robot", made["secret_id"], mount_point=APPROLE)["data"]
    assert seen["secret_id_accessor"] == made["secret_id_accessor"] and seen["metadata"] == {"made": "here"}
    robot = connect()
    auth = robot.auth.approle.login(role_id, made["secret_id"], mount_point=APPROLE)["auth"]
    assert auth["metadata"] == {"role_name": "robot", "made": "here"} and auth["lease_duration"] == 3600
    assert get("open", client=robot)["data"] == {"word": "open to the reader"}
    with refused(exceptions.InvalidRequest) as raised:
        connect().auth.approle.login(role_id, made["secret_id"], mount_point=APPROLE)
    assert raised.error.errors == ["invalid role or secret ID"], raised.error.errors


@case("approle: a wrapped secret_id")
def _():
    role_id = new_role("wrapped")
    wrapped = approle.generate_secret_id("wrapped", mount_point=APPROLE, wrap_ttl="5m")["wrap_info"]
    assert wrapped["creation_path"] == f"auth/{APPROLE}/role/wrapped/secret-id"
    inside = connect(wrapped["token"]).sys.unwrap()["data"]
    auth = connect().auth.approle.login(role_id, inside["secret_id"], mount_point=APPROLE)["auth"]
    assert READER in auth["policies"]


@case("approle: a wrong secret_id")
def _():
    role_id = new_role("careful")
    with refused(exceptions.InvalidRequest) as raised:
        connect().auth.approle.login(role_id, "not-this-one", mount_point=APPROLE)
    assert raised.error.errors == ["invalid role or secret ID"], raised.error.errors


@case("userpass: user and login")
def _():
    new_user("ann")
    assert "ann" in userpass.list_user(mount_point=USERPASS)["data"]["keys"]
    assert userpass.read_user("ann", mount_point=USERPASS)["data"]["token_policies"] == [READER]
    own = log_in("ann").auth.token.lookup_self()["data"]
    assert own["display_name"] == f"{USERPASS}-ann" and own["meta"] == {"username": "ann"}


@case("userpass: a wrong password")
def _():
    new_user("bob")
    with refused(exceptions.InvalidRequest) as raised:
        log_in("bob", "a guess")
    assert raised.error.errors == ["invalid username or password"], raised.error.errors


@case("userpass: a new password")
def _():
    new_user("eve")
    assert userpass.update_password_on_user("eve", name("newer"), mount_point=USERPASS).status_code == 204
    with refused(exceptions.InvalidRequest):
        log_in("eve")
    assert log_in("eve", name("newer")).is_authenticated()
    userpass.delete_user("eve", mount_point=USERPASS)
    with refused(exceptions.InvalidRequest):
        log_in("eve", name("newer"))


@case("policies: write, read, list, delete")
def _():
    policy = f'path "{KV2}/data/x" {{\n  capabilities = ["read", "list"]\n}}\n'
    vault.sys.create_or_update_policy(name("policy"), policy)
    assert vault.sys.read_policy(name("policy"))["data"]["rules"] == policy
    assert vault.sys.read_acl_policy(name("policy"))["data"]["policy"] == policy
    assert name("policy") in vault.sys.list_policies()["data"]["policies"]
    vault.sys.create_or_update_acl_policy(name("from-object"), {"path": {f"{KV2}/*": {"capabilities": ["list"]}}})
    assert name("from-object") in vault.sys.list_acl_policies()["data"]["keys"]
    for one in ("policy", "from-object"):
        vault.sys.delete_policy(name(one))
    with refused(exceptions.InvalidPath):
        vault.sys.read_policy(name("policy"))
    with refused(exceptions.InvalidRequest):
        vault.sys.create_or_update_policy(name("bad"), 'path "x" { capabilities = ["fly"] }')


@case("policies: capabilities")
def _():
    auth = child()
    granted, denied = f"{KV2}/data/open", f"{KV2}/data/plain"
    expected = {granted: ["read"], denied: ["deny"]}
    for answer in (
        connect(auth["client_token"]).sys.get_capabilities([granted, denied]),
        vault.sys.get_capabilities([granted, denied], token=auth["client_token"]),
        vault.sys.get_capabilities([granted, denied], accessor=auth["accessor"]),
    ):
        assert {path: answer["data"][path] for path in expected} == expected, answer["data"]


@case("policies: a refusal")
def _():
    reader = connect(child()["client_token"])
    with refused(exceptions.Forbidden) as raised:
        get("plain", client=reader)
    assert raised.error.errors == ["1 error occurred:\n\t* permission denied\n\n"], raised.error.errors
    with refused(exceptions.Forbidden):
        reader.secrets.kv.v2.create_or_update_secret("open", {"n": 1}, mount_point=KV2)


@case("wrapping: a read")
def _():
    wrapped = vault.adapter.get(f"/v1/{KV2}/data/open", wrap_ttl="2m")["wrap_info"]
    assert wrapped["ttl"] == 120
    seen = vault.write("sys/wrapping/lookup", token=wrapped["token"])["data"]
    assert seen["creation_path"] == f"{KV2}/data/open" and seen["creation_ttl"] == 120
    assert vault.sys.unwrap(wrapped["token"])["data"]["data"] == {"word": "open to the reader"}


@case("wrapping: a login")
def _():
    new_user("wrapped")
    answer = connect().adapter.post(
        f"/v1/auth/{USERPASS}/login/wrapped", json={"password": name("password")}, wrap_ttl="2m"
    )
    assert answer["auth"] is None
    auth = connect(answer["wrap_info"]["token"]).sys.unwrap()["auth"]
    assert auth["accessor"] == answer["wrap_info"]["wrapped_accessor"]
    assert connect(auth["client_token"]).is_authenticated()


@case("wrapping: taken once")
def _():
    wrapped = vault.sys.wrap({"word": "once"}, ttl=60)["wrap_info"]
    assert connect(wrapped["token"]).sys.unwrap()["data"] == {"word": "once"}
    with refused(exceptions.InvalidRequest) as raised:
        connect(wrapped["token"]).sys.unwrap()
    assert raised.error.errors == ["wrapping token is not valid or does not exist"], raised.error.errors


@case("leases: look-up and list")
def _():
    new_user("leased")
    log_in("leased")
    prefix = f"auth/{USERPASS}/login/leased"
    keys = vault.sys.list_leases(prefix)["data"]["keys"]
    assert len(keys) == 1, keys
    lease = vault.sys.read_lease(f"{prefix}/{keys[0]}")["data"]
    assert lease["id"] == f"{prefix}/{keys[0]}" and 0 < lease["ttl"] <= 3600, lease
    with refused(exceptions.InvalidRequest) as raised:
        vault.sys.read_lease(f"{prefix}/nothing")
    assert raised.error.errors == ["invalid lease"], raised.error.errors


@case("leases: revoke by prefix")
def _():
    new_user("gone")
    client = log_in("gone")
    assert client.is_authenticated()
    vault.sys.revoke_prefix(f"auth/{USERPASS}/login/gone")
    assert not client.is_authenticated()
    with refused(exceptions.InvalidPath):
        vault.sys.list_leases(f"auth/{USERPASS}/login/gone")


@case("audit: enable, hash, list, disable; no secret in the file")
def _():
    device, planted = name("audit"), name("planted")
    file = pathlib.Path(given["auditFolder"], f"{device}.log")
    vault.sys.enable_audit_device("file", path=device, options={"file_path": str(file)})
    put("audited", {"word": planted})
    get("audited")
    token = child()["client_token"]
    get("open", client=connect(token))
    hashed = vault.sys.calculate_hash(device, planted)["data"]["hash"]
    assert vault.sys.list_enabled_audit_devices()["data"][f"{device}/"]["type"] == "file"
    vault.sys.disable_audit_device(device)
    assert f"{device}/" not in vault.sys.list_enabled_audit_devices()["data"]
    text = file.read_text()
    assert planted not in text, "the planted secret is in the audit file"
    assert token not in text, "a token is in the audit file"
    assert hashed in text, "the hash of the planted secret is not in the audit file"


@case("sys: health and seal status")
def _():
    health = vault.sys.read_health_status(method="GET")
    assert health["initialized"] is True and health["sealed"] is False, health
    assert vault.sys.read_health_status().status_code == 200
    assert vault.sys.read_seal_status()["sealed"] is False
    assert vault.sys.is_initialized() and not vault.sys.is_sealed()
    assert re.match(r"\d+\.\d+\.\d+", health["version"])


@case("sys: mounts and tuning")
def _():
    mounts = vault.sys.list_mounted_secrets_engines()["data"]
    assert mounts[f"{KV2}/"]["type"] == "kv" and mounts[f"{KV2}/"]["options"]["version"] == "2"
    tuned = vault.sys.tune_mount_configuration(KV2, default_lease_ttl="1h", description="tuned")
    assert tuned.status_code == 204
    read = vault.sys.read_mount_configuration(KV2)["data"]
    assert read["default_lease_ttl"] == 3600 and read["description"] == "tuned", read


@case("sys: remount")
def _():
    before, after = name("before"), name("after")
    vault.sys.enable_secrets_engine("kv", path=before, options={"version": "1"})
    kv1.create_or_update_secret("key", {"word": "moved"}, mount_point=before)
    move = vault.sys.move_backend(before, after)["data"]["migration_id"]
    ends = time.monotonic() + 10
    while vault.read(f"sys/remount/status/{move}")["data"]["migration_info"]["status"] != "success":
        assert time.monotonic() < ends, "the move does not end"
    assert kv1.read_secret("key", mount_point=after)["data"] == {"word": "moved"}
    vault.sys.disable_secrets_engine(after)


@case("sys: auth methods")
def _():
    vault.sys.enable_auth_method("approle", path=name("other"), description="another")
    assert vault.sys.list_auth_methods()["data"][f"{name('other')}/"]["description"] == "another"
    vault.sys.tune_auth_method(name("other"), default_lease_ttl="1h")
    assert vault.sys.read_auth_method_tuning(name("other"))["data"]["default_lease_ttl"] == 3600
    vault.sys.disable_auth_method(name("other"))
    assert f"{name('other')}/" not in vault.sys.list_auth_methods()["data"]


@case("http: a namespace")
def _():
    try:
        connect(TOKEN, namespace=name("team")).auth.token.lookup_self()
    except (exceptions.InvalidPath, exceptions.Forbidden):
        return
    raise AssertionError("a namespace that there is not is answered")


@case("hvac: is_authenticated")
def _():
    assert vault.is_authenticated()
    assert not connect("hvs.nobody").is_authenticated()
    assert not connect().is_authenticated()


@case("hvac: a deleted version that is asked for")
def _():
    put("asked-for", {"n": 1})
    kv2.delete_latest_version_of_secret("asked-for", mount_point=KV2)
    read = kv2.read_secret_version("asked-for", mount_point=KV2, raise_on_deleted_version=False)["data"]
    assert read["data"] is None and read["metadata"]["deletion_time"] != "", read


if "tls" in given:
    tls = given["tls"]

    @case("tls: with its authority")
    def _():
        assert hvac.Client(url=tls["address"], token=tls["token"], verify=tls["authority"]).is_authenticated()

    @case("tls: without its authority")
    def _():
        with refused(requests.exceptions.SSLError, "CERTIFICATE_VERIFY_FAILED"):
            hvac.Client(url=tls["address"], token=tls["token"]).is_authenticated()


for title, perform in CASES.items():
    detail = ""
    try:
        perform()
    except Exception:
        detail = traceback.format_exc()
    print(json.dumps({"name": title, "ok": detail == "", "detail": detail}), flush=True)

for mount in (KV1, KV2):
    vault.sys.disable_secrets_engine(mount)
for mount in (APPROLE, USERPASS):
    vault.sys.disable_auth_method(mount)
vault.sys.delete_policy(READER)
