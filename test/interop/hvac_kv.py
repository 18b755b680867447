"""KV version 1 and 2."""

from hvac import exceptions
from hvac_place import (
    KV1,
    KV2,
    case,
    get,
    kv1,
    kv2,
    put,
    refused,
)


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


@case("hvac: a deleted version that is asked for")
def _():
    put("asked-for", {"n": 1})
    kv2.delete_latest_version_of_secret("asked-for", mount_point=KV2)
    read = kv2.read_secret_version("asked-for", mount_point=KV2, raise_on_deleted_version=False)["data"]
    assert read["data"] is None and read["metadata"]["deletion_time"] != "", read
