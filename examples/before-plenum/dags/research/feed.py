"""Research: watches the market."""

from airflow.sdk import BaseHook, Variable, dag, task


@dag(schedule=None)
def research_feed():
    @task
    def watch():
        feed = BaseHook.get_connection("market_feed")
        archive = BaseHook.get_connection("market_archive")
        print(feed.host, archive.login, len(Variable.get("market_feed_token")), Variable.get("market_watchlist"))

    watch()


research_feed()
