"""
The connections that this Airflow makes when it is asked for its defaults.

    default_connections.py INPUT OUTPUT

INPUT is not looked at. OUTPUT must exist; it gets JSON: a list of {"conn_id": ..., the eight fields, "uri": ...}, `extra`
the text that is stored. They are made by Airflow's own function in its own database, of which there is but the one
table, and read back.
"""

import json
import sys

import quiet
from airflow import settings
from airflow.models.base import Base
from airflow.models.connection import Connection
from airflow.utils.db import create_default_connections
from airflow.utils.session import create_session

FIELDS = ("conn_id", "conn_type", "description", "host", "login", "password", "schema", "port", "extra")
TABLES = ("connection", "team")


def main(_, target):
    quiet.without_masking()
    if settings.engine is None:
        settings.initialize()
    tables = [table for name, table in Base.metadata.tables.items() if name in TABLES]
    Base.metadata.create_all(settings.engine, tables=tables)
    create_default_connections()
    with create_session() as session:
        made = session.query(Connection).order_by(Connection.conn_id).all()
        answer = [{field: getattr(one, field) for field in FIELDS} | {"uri": one.get_uri()} for one in made]
    with open(target, "w", encoding="utf-8") as file:
        json.dump(answer, file)


main(*sys.argv[1:])
