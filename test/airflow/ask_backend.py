"""
A process of Airflow that stays, and asks its secrets backend for one name after the other.

    ask_backend.py

The backend is the one of this Airflow's settings. Each line of standard input is JSON: {"kind": "connection" |
"variable", "id"}; each line of standard output the answer: what was found, as found.py has it. The first line of the
output is {"backend": <its class>}. What Airflow prints goes to standard error.
"""

import json
import os
import sys

answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

import quiet
from airflow.configuration import ensure_secrets_loaded
from connection_classes import connection_classes
from found import attempt, fields, typed


def main():
    backend = ensure_secrets_loaded()[0]
    if hasattr(backend, "_set_connection_class"):
        # As tasks read them, where they do so otherwise than servers.
        backend._set_connection_class(list(connection_classes().values())[-1])
    quiet.without_masking()
    asks = {"connection": (backend.get_connection, fields), "variable": (backend.get_variable, typed)}

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    answer({"backend": type(backend).__name__})
    for line in sys.stdin:
        order = json.loads(line)
        ask, show = asks[order["kind"]]
        answer(attempt(ask, order["id"], show))


main()
