"""
Lets a real Airflow export what its own models stored, in every format that it has, and read its exports again.

    export.py INPUT OUTPUT

INPUT is JSON: {"fernetKey", "connections", "variables", "scalars"}; a connection without type gets the next of all that the
installed providers know. The database is new, SQLite, in AIRFLOW_HOME. OUTPUT must exist; it gets JSON: {"files": {name:
text}, "connections": [fields, ...], "variables": [fields, ...], "imported": [fields, ...], "hosts": {id: host}, "scalars": [...]}: the objects
as Airflow has them; the variables after it imported its own export; the host that it reads from each URI, `null` where
it fails; and what each plain scalar means to its YAML reader, as {type: text}.
"""

import itertools
import json
import os
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    ORDER = json.load(file)
os.environ["AIRFLOW__CORE__FERNET_KEY"] = ORDER["fernetKey"]

import quiet
from airflow.cli import cli_parser
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from airflow.providers_manager import ProvidersManager
from airflow.utils import yaml
from airflow.utils.session import create_session

EXPORTS = {
    "connections.json": ["connections"],
    "connections.yaml": ["connections"],
    "connections.env": ["connections"],
    "connections-json.env": ["connections", "--serialization-format", "json"],
    "variables.json": ["variables"],
    "variables.yaml": ["variables"],
    "variables.env": ["variables"],
}
CONNECTION = ("conn_id", "conn_type", "description", "host", "login", "password", "schema", "port", "extra")
VARIABLE = ("key", "val", "description")


def airflow(*command):
    """The same as in a shell, without another start of Airflow."""
    args = cli_parser.get_parser().parse_args(command)
    args.func(args)


def export(name, what, *options):
    airflow(what, "export", name, *options)
    with open(name, encoding="utf-8", newline="") as file:
        return file.read()


def fields_of(model, names):
    with create_session() as session:
        return [{name: getattr(one, name) for name in names} for one in session.query(model)]


def hosts_of(lines):
    hosts = {}
    for line in lines.splitlines():
        conn_id, _, uri = line.partition("=")
        try:
            hosts[conn_id] = Connection(conn_id=conn_id, uri=uri).host
        except Exception:
            hosts[conn_id] = None
    return hosts


def scalar_of(text):
    try:
        value = yaml.safe_load(f"- {text}\n")[0]
    except Exception:
        return {"error": ""}
    return {type(value).__name__: str(value)}


def main(target):
    quiet.without_masking()
    airflow("db", "migrate")
    next_type = itertools.cycle(sorted(ProvidersManager().hooks))
    with create_session() as session:
        for fields in ORDER["connections"]:
            conn_type = fields["conn_type"]
            session.add(Connection(**{**fields, "conn_type": next(next_type) if conn_type is None else conn_type}))
        for fields in ORDER["variables"]:
            session.add(Variable(**fields))
    files = {name: export(name, *how) for name, how in EXPORTS.items()}
    found = {
        "files": files,
        "connections": fields_of(Connection, CONNECTION),
        "variables": fields_of(Variable, VARIABLE),
        "hosts": hosts_of(files["connections.env"]),
        "scalars": [scalar_of(text) for text in ORDER["scalars"]],
    }
    airflow("variables", "import", "variables.json")
    found["imported"] = fields_of(Variable, VARIABLE)
    with open(target, "w", encoding="utf-8") as file:
        json.dump(found, file)


main(sys.argv[2])
