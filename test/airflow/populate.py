"""
Makes a real Airflow's database and fills it through Airflow's own models.

    populate.py INPUT OUTPUT

The database is the one of this Airflow's settings. INPUT is JSON: {"lots": [{"fernetKey", "connections", "variables"},
...], "defaults": bool}: each lot is written with its own `[core] fernet_key`, as an Airflow of that time would have; a
connection without type gets the next of all that the installed providers know. With "defaults", Airflow's own default
connections come first. OUTPUT must exist; it gets JSON: {"types": [...], "defaults": [id, ...]}.
"""

import itertools
import json
import os
import sys

import quiet
from airflow.cli import cli_parser
from airflow.models import crypto
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from airflow.providers_manager import ProvidersManager
from airflow.utils.db import create_default_connections
from airflow.utils.session import create_session


def airflow(*command):
    """The same as in a shell, without another start of Airflow."""
    args = cli_parser.get_parser().parse_args(command)
    args.func(args)


def use_fernet_key(key):
    os.environ["AIRFLOW__CORE__FERNET_KEY"] = key
    if hasattr(crypto.get_fernet, "cache_clear"):
        crypto.get_fernet.cache_clear()
    else:
        crypto._fernet = None


def main(source, target):
    with open(source, encoding="utf-8") as file:
        order = json.load(file)
    quiet.without_masking()
    airflow("db", "migrate")
    types = sorted(ProvidersManager().hooks)
    next_type = itertools.cycle(types)
    defaults = []
    if order["defaults"]:
        create_default_connections()
        with create_session() as session:
            defaults = [conn_id for (conn_id,) in session.query(Connection.conn_id)]
    for lot in order["lots"]:
        use_fernet_key(lot["fernetKey"])
        with create_session() as session:
            for fields in lot["connections"]:
                conn_type = fields["conn_type"]
                session.add(Connection(**{**fields, "conn_type": next(next_type) if conn_type is None else conn_type}))
            for fields in lot["variables"]:
                session.add(Variable(**fields))
    with open(target, "w", encoding="utf-8") as file:
        json.dump({"types": types, "defaults": defaults}, file)


main(*sys.argv[1:])
