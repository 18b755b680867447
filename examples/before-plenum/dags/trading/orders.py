"""Trading: places the orders of the day."""

from airflow.sdk import BaseHook, Variable, dag, task


@dag(schedule=None)
def trading_orders():
    @task
    def place():
        broker = BaseHook.get_connection("broker_api")
        signing_key = Variable.get("order_signing_key")
        print(broker.host, len(signing_key))

    place()


trading_orders()
