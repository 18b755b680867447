"""hvac against a Vault: reads what it is to use from standard input, reports each case as a line of JSON.

It asserts what users of hvac see: what its methods return, and its own exceptions.
"""

import json
import traceback

# Each adds its cases.
import hvac_auth  # noqa: F401
import hvac_kv  # noqa: F401
import hvac_system  # noqa: F401
from hvac_place import APPROLE, CASES, KV1, KV2, READER, USERPASS, vault

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
