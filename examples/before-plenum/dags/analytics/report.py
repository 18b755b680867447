"""Analytics: the weekly report."""

from airflow.sdk import BaseHook, Variable, dag, task


@dag(schedule=None)
def analytics_report():
    @task
    def send():
        warehouse = BaseHook.get_connection("warehouse")
        recipients = Variable.get("report_recipients", deserialize_json=True)
        print(warehouse.schema, len(recipients))

    send()


analytics_report()
