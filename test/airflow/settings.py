"""
What Airflow itself makes of the [secrets] settings it was started with.

    settings.py OUTPUT

OUTPUT must exist; it gets JSON: the text of backend_kwargs, the class of the backend, keyword arguments that nobody
knows, a connection and a variable read by the backends of server processes, and in Airflow 3 by those of tasks.
"""

import inspect
import json
import sys

import quiet
import hvac
from airflow.configuration import conf, ensure_secrets_loaded

FIELDS = ("conn_type", "host", "login", "password", "schema", "port", "extra")


def look(backend):
    connection = backend.get_connection("checked")
    return {
        "class": type(backend).__name__,
        "connection": {field: getattr(connection, field) for field in FIELDS},
        "variable": backend.get_variable("checked"),
    }


def task_backend():
    """The one that the Task SDK builds in a worker."""
    try:
        from airflow.sdk.configuration import conf as sdk_conf
    except ImportError:
        return None
    backend = sdk_conf._get_custom_secret_backend(worker_mode=True)
    from airflow.sdk.definitions.connection import Connection

    backend._set_connection_class(Connection)
    return look(backend)


def unknown(kwargs):
    from airflow.providers.hashicorp.secrets.vault import VaultBackend

    known = {*inspect.signature(VaultBackend).parameters, *inspect.signature(hvac.Client).parameters}
    return sorted(set(kwargs) - known)


def main(target):
    text = conf.get("secrets", "backend_kwargs")
    quiet.without_masking()
    answer = {
        "kwargs": text,
        "backend": conf.get("secrets", "backend"),
        "unknown": unknown(json.loads(text)),
        "server": look(ensure_secrets_loaded()[0]),
        "task": task_backend(),
    }
    with open(target, "w", encoding="utf-8") as file:
        json.dump(answer, file)


main(*sys.argv[1:])
