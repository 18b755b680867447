"""Analytics: the weekly report."""

from airflow.sdk import BaseHook, dag, task


@dag(schedule=None)
def analytics_report():
    @task
    def send():
        warehouse = BaseHook.get_connection("warehouse")
        print(warehouse.schema)

    send()


analytics_report()
