"""
For an Airflow whose database is MySQL or MariaDB: it asks for mysqlclient, which would have to be compiled. PyMySQL
stands in for it. Airflow imports this file from AIRFLOW_HOME/config before it looks for its driver.
"""

import sys

import pymysql
import pymysql.converters

pymysql.converters.DateTime2literal = pymysql.converters.escape_datetime
sys.modules.update({"MySQLdb": pymysql, "MySQLdb.converters": pymysql.converters})
