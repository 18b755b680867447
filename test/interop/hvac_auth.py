"""Tokens, AppRole and userpass."""

import re

from hvac import exceptions
from hvac_place import (
    APPROLE,
    READER,
    USERPASS,
    approle,
    case,
    child,
    connect,
    get,
    log_in,
    name,
    new_role,
    new_user,
    refused,
    tokens,
    userpass,
    vault,
)


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


@case("hvac: is_authenticated")
def _():
    assert vault.is_authenticated()
    assert not connect("hvs.nobody").is_authenticated()
    assert not connect().is_authenticated()
