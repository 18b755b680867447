"""hvac against a server: one JSON line for each case, {"name", "ok", "detail"}. The server comes by INTEROP_* variables."""

import json
import os
import time

import hvac
import requests
from hvac import exceptions

ADDRESS, TOKEN, RUN = (os.environ[f"INTEROP_{name}"] for name in ("ADDRESS", "TOKEN", "RUN"))
SECRET = f"planted-{RUN}-secret"
client = hvac.Client(url=ADDRESS, token=TOKEN)
kv1, kv2 = client.secrets.kv.v1, client.secrets.kv.v2
ONE, TWO, APPROLE, USERPASS = (f"py-{what}-{RUN}" for what in ("kv1", "kv2", "approle", "userpass"))
POLICY = f"py-policy-{RUN}"
RULES = f'path "{TWO}/data/open/*" {{ capabilities = ["read"] }}'
CASES = []


def case(name):
    def add(run):
        CASES.append((name, run))
        return run

    return add


def refused(kind, run, words=""):
    """The error of exactly this class, whose text holds these words."""
    try:
        run()
    except Exception as error:
        assert type(error) is kind, f"{type(error).__name__}, not {kind.__name__}"
        assert words in str(error), f"another text: {error}"
        return
    raise AssertionError(f"no {kind.__name__}")


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def put(path, cas=None, **secret):
    return kv2.create_or_update_secret(path=path, secret=secret, cas=cas, mount_point=TWO)


def get(path, **more):
    return kv2.read_secret_version(path=path, mount_point=TWO, raise_on_deleted_version=True, **more)["data"]


def with_token(token):
    return hvac.Client(url=ADDRESS, token=token)


@case("kv1: write, read, list, delete")
def _():
    kv1.create_or_update_secret(path="a/b", secret={"k": "v", "n": 1}, mount_point=ONE)
    same(kv1.read_secret(path="a/b", mount_point=ONE)["data"], {"k": "v", "n": 1})
    same(kv1.list_secrets(path="a", mount_point=ONE)["data"]["keys"], ["b"])
    kv1.delete_secret(path="a/b", mount_point=ONE)
    refused(exceptions.InvalidPath, lambda: kv1.read_secret(path="a/b", mount_point=ONE))


@case("kv2: put with cas, get, versions")
def _():
    same(put("v", cas=0, k="1")["data"]["version"], 1)
    same(put("v", cas=1, k="2")["data"]["version"], 2)
    same(get("v")["data"], {"k": "2"})
    same(get("v", version=1)["data"], {"k": "1"})


@case("kv2: wrong cas is refused")
def _():
    put("cas", cas=0, k="1")
    words = "check-and-set parameter did not match the current version"
    refused(exceptions.InvalidRequest, lambda: put("cas", cas=7, k="2"), words)


@case("kv2: what is missing is 404")
def _():
    refused(exceptions.InvalidPath, lambda: get("missing"))


@case("kv2: patch")
def _():
    put("p", a="1", b="2")
    kv2.patch(path="p", secret={"b": "3"}, mount_point=TWO)
    same(get("p")["data"], {"a": "1", "b": "3"})


@case("kv2: delete, undelete, destroy")
def _():
    put("d", k="1")
    kv2.delete_secret_versions(path="d", versions=[1], mount_point=TWO)
    refused(exceptions.InvalidPath, lambda: get("d"))
    kv2.undelete_secret_versions(path="d", versions=[1], mount_point=TWO)
    same(get("d")["data"], {"k": "1"})
    kv2.destroy_secret_versions(path="d", versions=[1], mount_point=TWO)
    refused(exceptions.InvalidPath, lambda: get("d"))
    metadata = kv2.read_secret_metadata(path="d", mount_point=TWO)["data"]
    same(metadata["versions"]["1"]["destroyed"], True)


@case("kv2: metadata, custom metadata, list")
def _():
    put("m/x", k="1")
    kv2.update_metadata(path="m/x", max_versions=3, custom_metadata={"owner": "hub"}, mount_point=TWO)
    metadata = kv2.read_secret_metadata(path="m/x", mount_point=TWO)["data"]
    same((metadata["max_versions"], metadata["custom_metadata"]), (3, {"owner": "hub"}))
    same(kv2.list_secrets(path="m", mount_point=TWO)["data"]["keys"], ["x"])
    kv2.delete_metadata_and_all_versions(path="m/x", mount_point=TWO)
    refused(exceptions.InvalidPath, lambda: kv2.list_secrets(path="m", mount_point=TWO))


@case("token: create, lookup, self, accessor")
def _():
    auth = client.auth.token.create(
        policies=["default"], meta={"for": "test"}, ttl="1h", explicit_max_ttl="2h",
        display_name="py", num_uses=9, renewable=True, no_parent=True,
    )["auth"]
    data = client.auth.token.lookup(auth["client_token"])["data"]
    same((data["meta"], data["orphan"], data["num_uses"], data["explicit_max_ttl"], data["display_name"]),
         ({"for": "test"}, True, 9, 7200, "token-py"))
    same(with_token(auth["client_token"]).auth.token.lookup_self()["data"]["num_uses"], 8)
    same(client.auth.token.lookup_accessor(auth["accessor"])["data"]["id"], "")
    assert auth["accessor"] in client.auth.token.list_accessors()["data"]["keys"]
    client.auth.token.revoke_accessor(auth["accessor"])
    refused(exceptions.Forbidden, lambda: client.auth.token.lookup(auth["client_token"]))


@case("token: renew, revoke")
def _():
    token = client.auth.token.create(policies=["default"], ttl="1h")["auth"]["client_token"]
    same(client.auth.token.renew(token, increment="2h")["auth"]["lease_duration"], 7200)
    same(with_token(token).auth.token.renew_self(increment="30m")["auth"]["lease_duration"], 1800)
    with_token(token).auth.token.revoke_self()
    same(with_token(token).is_authenticated(), False)


@case("token: roles")
def _():
    role = f"py-role-{RUN}"
    client.auth.token.create_or_update_role(role, allowed_policies=["default"], orphan=True, token_period="1h")
    assert role in client.auth.token.list_roles()["data"]["keys"]
    same(client.auth.token.read_role(role)["data"]["orphan"], True)
    same(client.auth.token.create(role_name=role)["auth"]["orphan"], True)
    client.auth.token.delete_role(role)
    refused(exceptions.InvalidPath, lambda: client.auth.token.read_role(role))


@case("token: batch")
def _():
    auth = client.auth.token.create(policies=["default"], type="batch", ttl="10m")["auth"]
    same((auth["token_type"], auth["renewable"], auth["accessor"]), ("batch", False, ""))
    same(with_token(auth["client_token"]).auth.token.lookup_self()["data"]["type"], "batch")
    refused(exceptions.InvalidRequest, lambda: client.auth.token.revoke(auth["client_token"]))


def secret_id(**more):
    return client.auth.approle.generate_secret_id("r", mount_point=APPROLE, **more)


def role_id():
    return client.auth.approle.read_role_id("r", mount_point=APPROLE)["data"]["role_id"]


def approle_login(secret):
    return hvac.Client(url=ADDRESS).auth.approle.login(role_id(), secret, mount_point=APPROLE)["auth"]


@case("approle: role, role_id, secret_id, login")
def _():
    data = secret_id(metadata={"host": "a"})["data"]
    auth = approle_login(data["secret_id"])
    same((auth["policies"], auth["metadata"]["host"]), (["default", POLICY], "a"))
    same(client.auth.approle.list_roles(mount_point=APPROLE)["data"]["keys"], ["r"])
    found = client.auth.approle.read_secret_id("r", data["secret_id"], mount_point=APPROLE)["data"]
    same(found["metadata"], {"host": "a"})
    client.auth.approle.destroy_secret_id_accessor("r", data["secret_id_accessor"], mount_point=APPROLE)
    refused(exceptions.InvalidRequest, lambda: approle_login(data["secret_id"]))


@case("approle: wrapped secret_id")
def _():
    wrap = secret_id(wrap_ttl="60s")["wrap_info"]
    data = with_token(wrap["token"]).sys.unwrap()["data"]
    assert approle_login(data["secret_id"])["client_token"]


@case("approle: wrong secret_id")
def _():
    refused(exceptions.InvalidRequest, lambda: approle_login("wrong"), "invalid role or secret ID")


@case("userpass: user, login, wrong password, new password")
def _():
    userpass = client.auth.userpass
    userpass.create_or_update_user("u", password=SECRET, policies=[POLICY], mount_point=USERPASS)
    same(userpass.list_user(mount_point=USERPASS)["data"]["keys"], ["u"])

    def login(password):
        return hvac.Client(url=ADDRESS).auth.userpass.login("u", password, mount_point=USERPASS)["auth"]

    same(login(SECRET)["policies"], ["default", POLICY])
    refused(exceptions.InvalidRequest, lambda: login("wrong"), "invalid username or password")
    userpass.update_password_on_user("u", password=SECRET + "2", mount_point=USERPASS)
    refused(exceptions.InvalidRequest, lambda: login(SECRET))
    same(login(SECRET + "2")["metadata"], {"username": "u"})
    userpass.delete_user("u", mount_point=USERPASS)


@case("policy: write, read, list, delete")
def _():
    name = f"py-other-{RUN}"
    client.sys.create_or_update_acl_policy(name, policy=RULES)
    same(client.sys.read_acl_policy(name)["data"]["policy"], RULES)
    assert name in client.sys.list_acl_policies()["data"]["keys"]
    client.sys.delete_acl_policy(name)
    refused(exceptions.InvalidPath, lambda: client.sys.read_acl_policy(name))


@case("policy: capabilities-self and a refusal")
def _():
    put("open/x", k="1")
    mine = with_token(client.auth.token.create(policies=[POLICY])["auth"]["client_token"])
    same(mine.sys.get_capabilities(paths=[f"{TWO}/data/open/x"])["data"][f"{TWO}/data/open/x"], ["read"])
    read = mine.secrets.kv.v2.read_secret_version
    same(read("open/x", mount_point=TWO, raise_on_deleted_version=True)["data"]["data"], {"k": "1"})
    refused(exceptions.Forbidden, lambda: read("closed", mount_point=TWO, raise_on_deleted_version=True), "permission denied")


@case("wrapping: a read, lookup, unwrap, twice")
def _():
    put("w", k=SECRET)
    wrap = client.adapter.get(f"/v1/{TWO}/data/w", wrap_ttl="60s")["wrap_info"]
    same(client.adapter.post("/v1/sys/wrapping/lookup", json={"token": wrap["token"]})["data"]["creation_path"], f"{TWO}/data/w")
    same(with_token(wrap["token"]).sys.unwrap()["data"]["data"], {"k": SECRET})
    refused(exceptions.InvalidRequest, lambda: with_token(wrap["token"]).sys.unwrap())


@case("wrapping: a login")
def _():
    body = {"role_id": role_id(), "secret_id": secret_id()["data"]["secret_id"]}
    wrap = hvac.Client(url=ADDRESS).adapter.post(f"/v1/auth/{APPROLE}/login", json=body, wrap_ttl="60s")["wrap_info"]
    auth = with_token(wrap["token"]).sys.unwrap()["auth"]
    same(with_token(auth["client_token"]).is_authenticated(), True)


@case("lease: lookup, list, revoke-prefix")
def _():
    prefix = f"auth/{APPROLE}/login"
    token = approle_login(secret_id()["data"]["secret_id"])["client_token"]
    key = client.sys.list_leases(prefix=prefix)["data"]["keys"][0]
    same(client.sys.read_lease(lease_id=f"{prefix}/{key}")["data"]["id"], f"{prefix}/{key}")
    client.sys.revoke_prefix(prefix=prefix)
    deadline = time.monotonic() + 10
    while with_token(token).is_authenticated():  # other servers revoke in the background
        assert time.monotonic() < deadline, "the token still lives"
        time.sleep(0.05)


@case("audit: enable, hash, list, disable; no secret in the file")
def _():
    name, path = f"py-audit-{RUN}", os.path.join(os.environ["INTEROP_AUDIT_FOLDER"], f"py-{RUN}.log")
    client.sys.enable_audit_device("file", path=name, options={"file_path": path})
    try:
        assert f"{name}/" in client.sys.list_enabled_audit_devices()["data"]
        digest = client.sys.calculate_hash(name, SECRET)["data"]["hash"]
        put("audited", k=SECRET)
    finally:
        client.sys.disable_audit_device(name)
    assert f"{name}/" not in client.sys.list_enabled_audit_devices()["data"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert digest in text, "the hash is not in the file"
    assert SECRET not in text and not (len(TOKEN) > 20 and TOKEN in text), "a secret is in the file"


@case("sys: health, seal-status")
def _():
    same(client.sys.read_health_status(method="HEAD").status_code, 200)
    same(client.sys.read_health_status(method="GET")["sealed"], False)
    same((client.sys.is_initialized(), client.sys.is_sealed()), (True, False))


@case("sys: mounts, tune, remount")
def _():
    old, new = f"py-old-{RUN}", f"py-new-{RUN}"
    client.sys.enable_secrets_engine("kv", path=old, options={"version": "2"}, description="d")
    client.sys.tune_mount_configuration(old, default_lease_ttl="1h", max_lease_ttl="2h")
    same(client.sys.read_mount_configuration(old)["data"]["default_lease_ttl"], 3600)
    client.sys.move_backend(from_path=old, to_path=new)
    deadline = time.monotonic() + 10
    while f"{new}/" not in client.sys.list_mounted_secrets_engines()["data"]:
        assert time.monotonic() < deadline, "the mount did not move"
        time.sleep(0.05)
    client.sys.disable_secrets_engine(new)
    assert f"{old}/" not in client.sys.list_mounted_secrets_engines()["data"]


@case("namespace: refused")
def _():
    other = hvac.Client(url=ADDRESS, token=TOKEN, namespace="no-such")
    try:
        other.sys.list_mounted_secrets_engines()
    except (exceptions.InvalidPath, exceptions.Forbidden):
        return
    raise AssertionError("a namespace that is not there is served")


@case("tls: with the CA, refused without")
def _():
    address, authority = os.environ["INTEROP_TLS_ADDRESS"], os.environ["INTEROP_CA"]
    same(hvac.Client(url=address, verify=authority).sys.is_initialized(), True)
    refused(requests.exceptions.SSLError, lambda: hvac.Client(url=address).sys.is_initialized())


client.sys.enable_secrets_engine("kv", path=ONE, options={"version": "1"})
client.sys.enable_secrets_engine("kv", path=TWO, options={"version": "2"})
client.sys.enable_auth_method("approle", path=APPROLE)
client.sys.enable_auth_method("userpass", path=USERPASS)
client.sys.create_or_update_policy(POLICY, policy=RULES)
client.auth.approle.create_or_update_approle("r", token_policies=[POLICY], token_ttl="1h", mount_point=APPROLE)
time.sleep(float(os.environ.get("INTEROP_SETTLE", "0")))
for name, run in CASES:
    try:
        run()
        print(json.dumps({"name": name, "ok": True, "detail": ""}), flush=True)
    except Exception as error:
        print(json.dumps({"name": name, "ok": False, "detail": f"{type(error).__name__}: {error}"}), flush=True)
for path in (ONE, TWO):
    client.sys.disable_secrets_engine(path)
for path in (APPROLE, USERPASS):
    client.sys.disable_auth_method(path)
client.sys.delete_policy(POLICY)
