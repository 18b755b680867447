"""A project's own secret, read as the project and not as Airflow.

Airflow's role reads connections and variables. What stands under ``projects/<name>/`` in Vault is for the project's own
code: it logs in with the project's AppRole, whose policy opens that folder and no other.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

CREDENTIALS = Path(__file__).resolve().parents[1] / ".plenum" / "credentials"


def read_project_secret(project: str, name: str) -> dict[str, str]:
    """The fields of ``projects/<project>/<name>``. Call it inside a task, never at a DAG file's top level."""
    import hvac

    folder = CREDENTIALS / os.environ.get("PLENUM_ENVIRONMENT", "dev") / f"project-{project}"
    client = hvac.Client(url=_vault_address())
    client.auth.approle.login(
        role_id=(folder / "role_id").read_text().strip(),
        secret_id=(folder / "secret_id").read_text().strip(),
    )
    answer = client.secrets.kv.v2.read_secret_version(
        mount_point="secret", path=f"projects/{project}/{name}", raise_on_deleted_version=True
    )
    return answer["data"]["data"]


def _vault_address() -> str:
    """Where Airflow's own backend finds Vault, unless VAULT_ADDR says otherwise."""
    from airflow.configuration import conf

    return os.environ.get("VAULT_ADDR") or json.loads(conf.get("secrets", "backend_kwargs"))["url"]
