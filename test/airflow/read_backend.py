"""
Reads connections and variables through the real VaultBackend, over HTTP.

    read_backend.py INPUT OUTPUT

INPUT is JSON: {"kwargs": {...}, "connections": [id, ...], "variables": [key, ...]}. OUTPUT must exist; it gets one JSON
line for each look-up: {"kind", "id", "class", "found"}. `found` is null where the backend found nothing, the class of
the exception as {"error"}, or the fields; each value with its Python type. In Airflow 3 a connection is read twice:
as the server's model and as the Task SDK's class.
"""

import json
import sys

import quiet
from airflow.providers.hashicorp.secrets.vault import VaultBackend
from connection_classes import connection_classes

FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port")


def typed(value):
    if value is None:
        return None
    if isinstance(value, dict):
        return {"dict": {key: typed(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"list": [typed(item) for item in value]}
    return {type(value).__name__: str(value) if type(value) is int else value}


def fields(connection):
    read = {field: typed(getattr(connection, field)) for field in FIELDS}
    return {**read, "extra": typed(json.loads(connection.extra) if connection.extra else None)}


def main(source, target):
    with open(source, encoding="utf-8") as file:
        order = json.load(file)
    backend = VaultBackend(**order["kwargs"])
    kinds = connection_classes()
    quiet.without_masking()

    def connection(kind, name):
        if hasattr(backend, "_set_connection_class"):
            backend._set_connection_class(kinds[kind])
        found = backend.get_connection(name)
        return None if found is None else fields(found)

    def variable(_, name):
        return typed(backend.get_variable(name))

    with open(target, "w", encoding="utf-8") as file:

        def read(what, kind, name, ask):
            try:
                found = ask(kind, name)
            except Exception as error:
                found = {"error": type(error).__name__}
            file.write(json.dumps({"kind": what, "id": name, "class": kind, "found": found}) + "\n")

        for name in order["connections"]:
            for kind in kinds:
                read("connection", kind, name, connection)
        for name in order["variables"]:
            read("variable", "text", name, variable)


main(*sys.argv[1:])
