"""Analytics: a warehouse connection, a JSON variable in Jinja, and the dashboard's token."""

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

with DAG(dag_id="analytics_report", start_date=datetime(2026, 1, 1), schedule=None, catchup=False, tags=["analytics"]):

    @task
    def load(warn_at: str) -> str:
        """`warn_at` was rendered by Jinja, from `{{ var.json.project_analytics_thresholds.warn }}`."""
        warehouse = BaseHook.get_connection("project_analytics_warehouse")
        if warehouse.port != 5439:
            raise ValueError("the port must arrive as a number")
        day = Variable.get("project_analytics_report_day")
        token = read_project_secret("analytics", "dashboards")["api_token"]
        return f"report on {day}, warning at {float(warn_at):.0%}, dashboard token of {len(token)} characters"

    load("{{ var.json.project_analytics_thresholds.warn }}")
