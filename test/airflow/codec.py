"""
What the real Airflow makes of URIs and what python-cryptography makes of Fernet tokens.

    codec.py INPUT OUTPUT

INPUT is JSON: {"uris": [...], "stored": [secret, ...], "fernet": {"keys": "a,b", "tokens": [...], "plains": [...]}}.
OUTPUT must exist; it gets JSON: "uris" has for each URI and each Connection class its fields, or {"error": <class of
the exception>}; "stored" the same for stored secrets, read through VaultBackend without a Vault; "fernet" the texts of
the tokens, and tokens of the texts made with the first and with the last key.
"""

import json
import sys

import quiet
from airflow.providers.hashicorp.secrets.vault import VaultBackend
from connection_classes import connection_classes

FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")


def attempt(make):
    try:
        connection = make()
        return {field: getattr(connection, field) for field in FIELDS}
    except Exception as error:
        return {"error": type(error).__name__}


class OneSecret:
    def __init__(self, secret):
        self.secret = secret

    def get_secret(self, secret_path):
        return self.secret


def backend(secret, connection_class):
    made = VaultBackend(auth_type="token", token="unused")
    made.vault_client = OneSecret(secret)
    if hasattr(made, "_set_connection_class"):
        made._set_connection_class(connection_class)
    return made


def fernet(order):
    from cryptography.fernet import Fernet, MultiFernet

    multi = MultiFernet([Fernet(key) for key in order["keys"].split(",")])
    return {
        "plains": [multi.decrypt(token.encode()).decode() for token in order["tokens"]],
        "tokens": [multi.encrypt(plain.encode()).decode() for plain in order["plains"]],
        "last": [
            Fernet(order["keys"].split(",")[-1]).encrypt(plain.encode()).decode() for plain in order["plains"]
        ],
    }


def main(source, target):
    with open(source, encoding="utf-8") as file:
        order = json.load(file)
    kinds = connection_classes()
    quiet.without_masking()
    answer = {
        "uris": [
            {name: attempt(lambda: kind(conn_id="x", uri=uri)) for name, kind in kinds.items()}
            for uri in order["uris"]
        ],
        "stored": [
            {name: attempt(lambda: backend(secret, kind).get_connection("x")) for name, kind in kinds.items()}
            for secret in order["stored"]
        ],
        "fernet": fernet(order["fernet"]),
    }
    with open(target, "w", encoding="utf-8") as file:
        json.dump(answer, file)


main(*sys.argv[1:])
