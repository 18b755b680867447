"""Policies, wrapping, leases, audit, mounts, namespaces and TLS."""

import pathlib
import re
import time

import hvac
import requests
from hvac import exceptions
from hvac_place import (
    KV2,
    TOKEN,
    USERPASS,
    case,
    child,
    connect,
    get,
    given,
    kv1,
    log_in,
    name,
    new_user,
    put,
    refused,
    vault,
)


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


if "tls" in given:
    tls = given["tls"]

    @case("tls: with its authority")
    def _():
        assert hvac.Client(url=tls["address"], token=tls["token"], verify=tls["authority"]).is_authenticated()

    @case("tls: without its authority")
    def _():
        with refused(requests.exceptions.SSLError, "CERTIFICATE_VERIFY_FAILED"):
            hvac.Client(url=tls["address"], token=tls["token"]).is_authenticated()
