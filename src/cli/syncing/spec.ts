/** `plenum sync`: its options, and what it says of itself. */
import { Option } from 'commander'
import { CONFLICT_RULES } from '../../sync/index.ts'
import { parseDuration, parsePlace, parsePort, several } from '../arguments.ts'
import type { CommandSpec } from '../command-tree.ts'
import { databaseOptions } from '../importing/database-options.ts'
import { projectOptions } from '../importing/project-options.ts'

export const SYNC_COMMAND: CommandSpec = {
  name: 'sync',
  summary: 'keep Vault in step with what people do in the Airflow UI, CLI and REST API',
  description:
    "Follows the tables connection and variable of Airflow's database: what is saved there becomes a new version in Vault, where Airflow reads it. What changed on both sides is a conflict, and is reported unless a rule decides. Runs until it is stopped; killed and started again, or started twice, it loses nothing and writes nothing twice.",
  options: [
    ...databaseOptions(),
    new Option('--once', 'one pass, then end: 0 when all is in step, 1 when something waits for somebody'),
    new Option('--dry-run', 'show what one pass would do, and write nothing'),
    new Option('--interval <duration>', 'between two looks at the tables').default(2000, '2s').argParser(parseDuration),
    new Option(
      '--full-every <duration>',
      'between two looks at all of Vault (default: 10m; 1m with --both-ways)',
    ).argParser(parseDuration),
    new Option('--listen <place>', '/healthz and /metrics at HOST:PORT, or none')
      .default({ host: '127.0.0.1', port: 9464 }, '127.0.0.1:9464')
      .argParser(parsePlace),
    new Option('--on-conflict <rule>', 'what counts where both sides have changed')
      .choices([...CONFLICT_RULES])
      .default('report'),
    new Option('--both-ways', "also bring changes in Vault that hold no secret back into Airflow's database"),
    new Option('--print-trigger', 'print the SQL that makes PostgreSQL tell of changes at once, and end'),
    several('--only <pattern>', 'follow only what matches: an id with * and ?, or kind:pattern (variable:report_*)'),
    several('--except <pattern>', 'do not follow what matches'),
    ...projectOptions(),
    new Option('--with-defaults', "also follow Airflow's own default connections that nobody has edited"),
    new Option('--port <port>', 'of the embedded server, when --once has to start it')
      .default(8200)
      .argParser(parsePort),
  ],
  examples: [
    'plenum sync --airflow-home ~/airflow',
    'plenum sync --airflow-home ~/airflow --once --dry-run',
    'PLENUM_IMPORT_DSN=postgresql://reader@db/airflow plenum sync --fernet-key-file key.txt --on-conflict airflow-wins',
    'plenum sync --print-trigger | psql airflow',
  ],
  run: async (options, screen) => (await import('../commands/sync.ts')).sync(options, screen),
}
