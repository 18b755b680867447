"""The classes that VaultBackend fills: the server's model, and in Airflow 3 the Task SDK's."""

from airflow.models.connection import Connection as ModelConnection


def connection_classes():
    found = {"model": ModelConnection}
    try:
        from airflow.sdk.definitions.connection import Connection as SdkConnection

        found["sdk"] = SdkConnection
    except ImportError:
        pass
    return found
