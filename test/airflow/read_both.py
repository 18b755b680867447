"""
What Airflow has under the same names in its database and in its secrets backend.

    read_both.py INPUT OUTPUT

Database and backend are those of this Airflow's settings; both are read through the classes that Airflow itself asks,
one after the other. INPUT is JSON: {"connections": [id, ...], "variables": [key, ...]}. OUTPUT must exist; it gets one
JSON line for each look-up: {"kind", "id", "from": "database" | "vault", "class", "found"}, as found.py has it. A
connection has `extra_dejson` in the place of `extra`. In Airflow 3 the backend is asked twice for one: as by a server
process, and as by a task.
"""

import json
import sys

import quiet
from airflow.configuration import ensure_secrets_loaded
from airflow.secrets.metastore import MetastoreBackend
from connection_classes import connection_classes
from found import attempt, fields, typed


def backends():
    """(place, class, backend)"""
    vault = ensure_secrets_loaded()[0]
    if type(vault).__name__ != "VaultBackend":
        raise SystemExit(f"the first secrets backend is {type(vault).__name__}")
    yield "database", "model", MetastoreBackend()
    for kind, connection_class in connection_classes().items():
        if hasattr(vault, "_set_connection_class"):
            vault._set_connection_class(connection_class)
        yield "vault", kind, vault


def main(source, target):
    with open(source, encoding="utf-8") as file:
        order = json.load(file)
    quiet.without_masking()
    with open(target, "w", encoding="utf-8") as file:

        def write(what, name, place, kind, found):
            file.write(json.dumps({"kind": what, "id": name, "from": place, "class": kind, "found": found}) + "\n")

        for place, kind, backend in backends():
            for name in order["connections"]:
                write("connection", name, place, kind, attempt(backend.get_connection, name, fields))
            if kind == "model":
                for name in order["variables"]:
                    write("variable", name, place, kind, attempt(backend.get_variable, name, typed))


main(*sys.argv[1:])
