"""
Airflow's own commands, one after the other in a process that stays: starting Airflow takes seconds each time.

    run_commands.py

Each line of standard input is JSON: a list of the words of a command, without `airflow`. Each line of standard output
is JSON: {"failed": null}, or what the command failed with. The first line of the output is "ready". What Airflow prints
goes to standard error.
"""

import json
import os
import sys

answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

import quiet
from airflow.cli import cli_parser


def failure(command):
    try:
        args = cli_parser.get_parser().parse_args(command)
        args.func(args)
        return None
    except SystemExit as error:
        return None if error.code in (None, 0) else str(error.code)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main():
    quiet.without_masking()

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    answer("ready")
    for line in sys.stdin:
        answer({"failed": failure(json.loads(line))})


main()
