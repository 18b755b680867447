"""Trading: a connection, a variable in code and in Jinja, and a secret of the project's own.

Nothing is looked up while the file is parsed: every look-up happens inside a task.
"""

from __future__ import annotations

from datetime import datetime

try:  # Airflow 3
    from airflow.sdk import DAG, BaseHook, Variable, task
except ImportError:  # Airflow 2
    from airflow.decorators import task
    from airflow.hooks.base import BaseHook
    from airflow.models import Variable
    from airflow.models.dag import DAG

from project_secret import read_project_secret

with DAG(dag_id="trading_orders", start_date=datetime(2026, 1, 1), schedule=None, catchup=False, tags=["trading"]):

    @task
    def check_broker(symbols: str) -> int:
        """`symbols` was rendered by Jinja, from `{{ var.value.project_trading_symbols }}`."""
        broker = BaseHook.get_connection("project_trading_broker")
        if not (broker.login and broker.password):
            raise ValueError("the broker connection has no credentials")
        if broker.extra_dejson["read_only"] is not True:
            raise ValueError("extra.read_only must arrive as a boolean")
        return len(symbols.split(","))

    @task
    def sign(count: int) -> str:
        key = Variable.get("project_trading_signing_key")
        exchange = read_project_secret("trading", "exchange")
        return f"{count} symbols, key of {len(key)} characters, exchange fields {', '.join(sorted(exchange))}"

    sign(check_broker("{{ var.value.project_trading_symbols }}"))
