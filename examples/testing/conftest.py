"""
A Vault with the hub in it, and Airflow's own backend in front of it, as pytest fixtures. Needs Node and the npm package
plenum (`npm install --save-dev plenum`); plenum.yaml is looked for beside this file.
"""

import json
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
HUB = os.environ.get("HUB", HERE / "plenum.yaml")


class Hub:
    def __init__(self, process):
        self._process = process

    def ask(self, call, argument=None):
        self._process.stdin.write(json.dumps({"call": call, "argument": argument}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="session")
def hub():
    command = ["node", HERE / "hub_server.mjs", HUB]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Hub(process)
        process.stdin.close()


@pytest.fixture
def backend(hub):
    """What Airflow makes of `[secrets] backend` and `backend_kwargs`."""
    from airflow.providers.hashicorp.secrets.vault import VaultBackend

    return VaultBackend(**json.loads(hub.ask("env", "airflow")["AIRFLOW__SECRETS__BACKEND_KWARGS"]))
