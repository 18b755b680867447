"""Trading: limits of the day, checked against the positions."""

from airflow.sdk import BaseHook, Variable, dag, task


@dag(schedule=None)
def trading_risk():
    @task
    def check():
        positions = BaseHook.get_connection("risk_db")
        limits = Variable.get("risk_limits", deserialize_json=True)
        print(positions.schema, sorted(limits))

    check()


trading_risk()
