"""Research: fetches the partner's files."""

from airflow.sdk import BaseHook, Variable, dag, task


@dag(schedule=None)
def research_partner():
    @task
    def fetch():
        partner = BaseHook.get_connection("partner_sftp")
        print(partner.host, len(Variable.get("partner_account")))

    fetch()


research_partner()
