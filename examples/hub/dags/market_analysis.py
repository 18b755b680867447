"""Market analysis: a feed connection through Jinja, a watch list, and the model's licence."""

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

with DAG(dag_id="market_watch", start_date=datetime(2026, 1, 1), schedule=None, catchup=False, tags=["market"]):

    @task
    def watch(feed_host: str) -> str:
        """`feed_host` was rendered by Jinja, from `{{ conn.project_market_feed.host }}`."""
        archive = BaseHook.get_connection("project_market_archive")
        names = Variable.get("project_market_watchlist").split(",")
        license_key = read_project_secret("market-analysis", "models")["license_key"]
        region = archive.extra_dejson["region_name"]
        return f"{len(names)} names from {feed_host} to {region}, licence of {len(license_key)} characters"

    watch("{{ conn.project_market_feed.host }}")
