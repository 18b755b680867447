import hvac
import pytest


def test_a_connection_arrives(backend):
    connection = backend.get_connection("project_trading_broker")
    assert connection.host == "https://broker.example.com"
    assert connection.password == "placeholder-BROKER_PASSWORD"


def test_a_variable_arrives_and_an_unknown_one_does_not(backend):
    assert backend.get_variable("project_trading_symbols") == "AAPL,MSFT,NVDA"
    assert backend.get_variable("project_trading_unknown") is None


def test_a_project_reads_its_own_secrets_and_no_others(hub):
    env = hub.ask("env", "project-trading")
    client = hvac.Client(url=env["VAULT_ADDR"], token=env["VAULT_TOKEN"])
    read = client.secrets.kv.v2.read_secret_version
    assert set(read(path="projects/trading/exchange", raise_on_deleted_version=True)["data"]["data"]) == {"key", "passphrase"}
    with pytest.raises(hvac.exceptions.Forbidden):
        read(path="projects/analytics/dashboards", raise_on_deleted_version=True)


def test_an_outage_is_an_error_and_not_an_absence(hub, backend):
    hub.ask("failNext", {"path": "secret/data/*", "status": 400})
    with pytest.raises(hvac.exceptions.InvalidRequest):
        backend.get_variable("project_trading_symbols")


def test_airflow_logs_in_again_when_its_token_has_expired(hub, backend):
    assert backend.get_variable("project_trading_symbols") is not None
    hub.ask("advance", "2h")
    assert backend.get_variable("project_trading_symbols") is not None
    readers = {entry["auth"]["metadata"]["role_name"] for entry in hub.ask("auditEntries", {"path": "secret/data/airflow/variables/*"}) if "metadata" in entry.get("auth", {})}
    assert readers == {"plenum-example-hub-airflow"}
