/**
 * The connections that Airflow makes by itself: examples for people to fill in, and nothing that anybody uses as it is.
 * Versions up to 2.6 made them with every new database; `airflow connections create-default-connections` still does.
 *
 * What Airflow 2.11 and 3.3 create, together, in stored form. A test of the airflow suite holds it to both.
 */
import type { JsonObject } from '../airflow/index.ts'
import { canonicalJson, type Json } from '../sensitive/index.ts'
import type { Found, SourceKind } from './found.ts'

// biome-ignore format: one connection a line.
export const DEFAULT_CONNECTIONS: Readonly<Record<string, JsonObject>> = {
  airflow_db: { conn_type: 'mysql', host: 'mysql', schema: 'airflow', login: 'root' },
  athena_default: { conn_type: 'athena' },
  aws_default: { conn_type: 'aws' },
  azure_batch_default: { conn_type: 'azure_batch', login: '<ACCOUNT_NAME>', extra: { account_url: '<ACCOUNT_URL>' } },
  azure_cosmos_default: { conn_type: 'azure_cosmos', extra: { database_name: '<DATABASE_NAME>', collection_name: '<COLLECTION_NAME>' } },
  azure_data_explorer_default: { conn_type: 'azure_data_explorer', host: 'https://<CLUSTER>.kusto.windows.net', extra: { auth_method: '<AAD_APP | AAD_APP_CERT | AAD_CREDS | AAD_DEVICE>', tenant: '<TENANT ID>', certificate: '<APPLICATION PEM CERTIFICATE>', thumbprint: '<APPLICATION CERTIFICATE THUMBPRINT>' } },
  azure_data_lake_default: { conn_type: 'azure_data_lake', extra: { tenant: '<TENANT>', account_name: '<ACCOUNTNAME>' } },
  azure_default: { conn_type: 'azure' },
  cassandra_default: { conn_type: 'cassandra', host: 'cassandra', port: 9042 },
  databricks_default: { conn_type: 'databricks', host: 'localhost' },
  dingding_default: { conn_type: 'http' },
  drill_default: { conn_type: 'drill', host: 'localhost', port: 8047, extra: { dialect_driver: 'drill+sadrill', storage_plugin: 'dfs' } },
  druid_broker_default: { conn_type: 'druid', host: 'druid-broker', port: 8082, extra: { endpoint: 'druid/v2/sql' } },
  druid_ingest_default: { conn_type: 'druid', host: 'druid-overlord', port: 8081, extra: { endpoint: 'druid/indexer/v1/task' } },
  elasticsearch_default: { conn_type: 'elasticsearch', host: 'localhost', port: 9200, schema: 'http' },
  emr_default: { conn_type: 'emr', extra: { Name: 'default_job_flow_name', LogUri: 's3://my-emr-log-bucket/default_job_flow_location', ReleaseLabel: 'emr-4.6.0', Instances: { Ec2KeyName: 'mykey', Ec2SubnetId: 'somesubnet', InstanceGroups: [{ Name: 'Master nodes', Market: 'ON_DEMAND', InstanceRole: 'MASTER', InstanceType: 'r3.2xlarge', InstanceCount: 1 }, { Name: 'Core nodes', Market: 'ON_DEMAND', InstanceRole: 'CORE', InstanceType: 'r3.2xlarge', InstanceCount: 1 }], TerminationProtected: false, KeepJobFlowAliveWhenNoSteps: false }, Applications: [{ Name: 'Spark' }], VisibleToAllUsers: true, JobFlowRole: 'EMR_EC2_DefaultRole', ServiceRole: 'EMR_DefaultRole', Tags: [{ Key: 'app', Value: 'analytics' }, { Key: 'environment', Value: 'development' }] } },
  facebook_default: { conn_type: 'facebook_social', extra: { account_id: '<AD_ACCOUNT_ID>', app_id: '<FACEBOOK_APP_ID>', app_secret: '<FACEBOOK_APP_SECRET>', access_token: '<FACEBOOK_AD_ACCESS_TOKEN>' } },
  fs_default: { conn_type: 'fs', extra: { path: '/' } },
  ftp_default: { conn_type: 'ftp', host: 'localhost', port: 21, login: 'airflow', password: 'airflow', extra: { key_file: '~/.ssh/id_rsa', no_host_key_check: true } },
  google_cloud_default: { conn_type: 'google_cloud_platform', schema: 'default' },
  gremlin_default: { conn_type: 'gremlin', host: 'gremlin', port: 8182 },
  hive_cli_default: { conn_type: 'hive_cli', host: 'localhost', port: 10000, schema: 'default', extra: { use_beeline: true, auth: '' } },
  hiveserver2_default: { conn_type: 'hiveserver2', host: 'localhost', port: 10000, schema: 'default' },
  http_default: { conn_type: 'http', host: 'https://www.httpbin.org/' },
  iceberg_default: { conn_type: 'iceberg', host: 'https://api.iceberg.io/ws/v1' },
  impala_default: { conn_type: 'impala', host: 'localhost', port: 21050 },
  kafka_default: { conn_type: 'kafka', extra: { 'bootstrap.servers': 'broker:29092', 'group.id': 'my-group' } },
  kubernetes_default: { conn_type: 'kubernetes' },
  kylin_default: { conn_type: 'kylin', host: 'localhost', port: 7070, login: 'ADMIN', password: 'KYLIN' },
  leveldb_default: { conn_type: 'leveldb', host: 'localhost' },
  livy_default: { conn_type: 'livy', host: 'livy', port: 8998 },
  local_mysql: { conn_type: 'mysql', host: 'localhost', schema: 'airflow', login: 'airflow', password: 'airflow' },
  metastore_default: { conn_type: 'hive_metastore', host: 'localhost', port: 9083, extra: { authMechanism: 'PLAIN' } },
  mongo_default: { conn_type: 'mongo', host: 'mongo', port: 27017 },
  mssql_default: { conn_type: 'mssql', host: 'localhost', port: 1433 },
  mysql_default: { conn_type: 'mysql', host: 'mysql', schema: 'airflow', login: 'root' },
  opensearch_default: { conn_type: 'opensearch', host: 'localhost', port: 9200, schema: 'http' },
  opsgenie_default: { conn_type: 'http' },
  oracle_default: { conn_type: 'oracle', host: 'localhost', port: 1521, schema: 'schema', login: 'root', password: 'password' },
  oss_default: { conn_type: 'oss', extra: { auth_type: 'AK', access_key_id: '<ACCESS_KEY_ID>', access_key_secret: '<ACCESS_KEY_SECRET>', region: '<YOUR_OSS_REGION>' } },
  pig_cli_default: { conn_type: 'pig_cli', schema: 'default' },
  pinot_admin_default: { conn_type: 'pinot', host: 'localhost', port: 9000 },
  pinot_broker_default: { conn_type: 'pinot', host: 'localhost', port: 9000, extra: { endpoint: '/query', schema: 'http' } },
  postgres_default: { conn_type: 'postgres', host: 'postgres', schema: 'airflow', login: 'postgres', password: 'airflow' },
  presto_default: { conn_type: 'presto', host: 'localhost', port: 3400, schema: 'hive' },
  qdrant_default: { conn_type: 'qdrant', host: 'qdrant', port: 6333 },
  redis_default: { conn_type: 'redis', host: 'redis', port: 6379, extra: { db: 0 } },
  redshift_default: { conn_type: 'redshift', extra: { iam: true, cluster_identifier: '<REDSHIFT_CLUSTER_IDENTIFIER>', port: 5439, profile: 'default', db_user: 'awsuser', database: 'dev', region: '' } },
  salesforce_default: { conn_type: 'salesforce', login: 'username', password: 'password', extra: { security_token: 'security_token' } },
  segment_default: { conn_type: 'segment', extra: { write_key: 'my-segment-write-key' } },
  sftp_default: { conn_type: 'sftp', host: 'localhost', port: 22, login: 'airflow', extra: { key_file: '~/.ssh/id_rsa', no_host_key_check: true } },
  spark_default: { conn_type: 'spark', host: 'yarn', extra: { queue: 'root.default' } },
  sqlite_default: { conn_type: 'sqlite' },
  ssh_default: { conn_type: 'ssh', host: 'localhost' },
  tableau_default: { conn_type: 'tableau', host: 'https://tableau.server.url', login: 'user', password: 'password', extra: { site_id: 'my_site' } },
  tabular_default: { conn_type: 'tabular', host: 'https://api.tabulardata.io/ws/v1' },
  teradata_default: { conn_type: 'teradata', host: 'localhost', schema: 'schema', login: 'user', password: 'password' },
  trino_default: { conn_type: 'trino', host: 'localhost', port: 3400, schema: 'hive' },
  vertica_default: { conn_type: 'vertica', host: 'localhost', port: 5433 },
  wasb_default: { conn_type: 'wasb', extra: { sas_token: null } },
  webhdfs_default: { conn_type: 'hdfs', host: 'localhost', port: 50070 },
  yandexcloud_default: { conn_type: 'yandexcloud', schema: 'default' },
  ydb_default: { conn_type: 'ydb', host: 'grpc://localhost', port: 2135, extra: { database: '/local' } },
}

/** Its host lies in the temporary folder of the machine that made it. */
const SQLITE = 'sqlite_default'
const SQLITE_HOST = /[/\\]sqlite_default\.db$/

/** Where Airflow's own defaults can lie. In all other sources somebody has written what is there. */
const HOLDERS: ReadonlySet<SourceKind> = new Set(['airflow-db', 'airflow-export', 'vault'])

/** With one field changed it is the user's. */
export function isUntouchedDefault({ kind, id, data, description, team, origin }: Found): boolean {
  if (kind !== 'connection' || !HOLDERS.has(origin.source) || !Object.hasOwn(DEFAULT_CONNECTIONS, id)) return false
  if ((description ?? '') !== '' || team !== undefined) return false
  const { host, ...rest } = data.reveal()
  const { host: usual, ...usualRest } = DEFAULT_CONNECTIONS[id] ?? {}
  return isUsualHost(id, host, usual) && canonicalJson(rest) === canonicalJson(usualRest)
}

function isUsualHost(id: string, host: Json | undefined, usual: Json | undefined): boolean {
  if (id === SQLITE) return typeof host === 'string' && SQLITE_HOST.test(host)
  return lower(host) === lower(usual)
}

/** A URI lowers the host: an export in that form is as untouched. */
function lower(host: Json | undefined): string {
  return typeof host === 'string' ? host.toLowerCase() : ''
}
