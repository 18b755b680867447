import { describe, expect, it } from 'vitest'
import type { DeclaredEntry, Hub, ResolvedEntry, ResolvedField } from '../hub/index.ts'
import { type Json, sensitive } from '../sensitive/index.ts'
import { desiredState } from './desired.ts'
import type { DesiredEntry } from './plan.ts'
import { shadowsOf } from './shadow.ts'
import { KEY, print } from './simulated-target.case.ts'

const HUB: Hub = {
  name: 'h',
  file: '/hub/plenum.yaml',
  folder: '/hub',
  airflow: { version: '3.3', provider: '4.8' },
  vault: { mount: 'secret', connections: 'airflow/connections', variables: 'airflow/variables', projects: 'projects' },
  envFiles: ['/hub/.env', '/etc/airflow.env'],
  environments: new Map(),
  projects: [{ name: 'p', owner: 'p@example.com' }],
  entries: [],
}

function declare(kind: DeclaredEntry['kind'], id: string): DeclaredEntry {
  const at = { file: HUB.file, line: 1, column: 1 }
  return { kind, id, project: 'p', path: `x/${id}`, external: false, fields: new Map(), at }
}

function exact(value: Json): ResolvedField {
  return { kind: 'value', value: sensitive(value) }
}

function desire(one: ResolvedEntry): DesiredEntry {
  const desired = desiredState(HUB, { authMount: 'approle', policies: new Map(), roles: [] }, [one], KEY)
  return desired.at(-1) as DesiredEntry
}

describe('desiredState', () => {
  it('has the mount, the auth method, the policies, the roles and the entries', () => {
    const access = {
      authMount: 'approle',
      policies: new Map([['plenum-h-airflow', 'rules']]),
      roles: [
        {
          name: 'plenum-h-airflow',
          purpose: { kind: 'airflow' },
          policies: ['plenum-h-airflow'],
          settings: { token_ttl: 60 },
        },
      ],
    } as const
    const desired = desiredState(HUB, access, [{ entry: declare('variable', 'v'), fields: new Map() }], KEY)
    expect(desired).toMatchObject([
      { address: 'mount:secret', settings: { type: 'kv', version: '2' } },
      { address: 'auth:approle', settings: { type: 'approle' } },
      { address: 'policy:plenum-h-airflow', settings: { rules: 'rules' } },
      { address: 'role:plenum-h-airflow', settings: { token_ttl: 60 } },
      {
        address: 'variable:v',
        path: 'x/v',
        metadata: { 'managed-by': 'plenum', hub: 'h', project: 'p', owner: 'p@example.com' },
      },
    ])
  })

  it('has fingerprints of what is stored, not of what is written', () => {
    const fields = new Map([
      ['conn_type', exact('http')],
      ['port', exact('5432')],
      ['host', exact('')],
      ['extra.deep', exact({ a: 1 })],
    ])
    expect(desire({ entry: declare('connection', 'c'), fields }).fields).toEqual(
      new Map([
        ['conn_type', { kind: 'exact', fingerprint: print('http') }],
        ['port', { kind: 'exact', fingerprint: print(5432) }],
        ['extra.deep.a', { kind: 'exact', fingerprint: print(1) }],
      ]),
    )
  })

  it('leaves open what is made or taken from elsewhere', () => {
    const fields = new Map<string, ResolvedField>([
      ['a', { kind: 'keep', make: { kind: 'prompt', question: '?' } }],
      ['b', { kind: 'vault', path: 'p', field: 'f' }],
    ])
    expect(desire({ entry: declare('secret', 'p/s'), fields }).fields).toEqual(
      new Map([
        ['a', { kind: 'keep' }],
        ['b', { kind: 'same', path: 'p', field: 'f' }],
      ]),
    )
  })

  it('lets no value out', () => {
    const fields = new Map([['value', exact('planted-value')]])
    const printed = JSON.stringify(desire({ entry: declare('variable', 'v'), fields }), (_, value: unknown) =>
      value instanceof Map ? [...value] : value,
    )
    expect(printed).toContain('exact')
    expect(printed).not.toContain('planted')
  })
})

describe('shadowsOf', () => {
  const hub = {
    ...HUB,
    entries: [declare('connection', 'my_db'), declare('variable', 'key'), declare('secret', 'p/s')],
  }
  const nowhere = { get: () => undefined }
  const files = (texts: Readonly<Record<string, string>>) => ({ read: (path: string) => texts[path] })

  it('finds names in the environment and in env files', () => {
    const env = { get: (name: string) => (name === 'AIRFLOW_CONN_MY_DB' ? 'planted' : undefined) }
    const texts = { '/hub/.env': 'export AIRFLOW_VAR_KEY = planted', '/etc/airflow.env': 'AIRFLOW_CONN_MY_DB=planted' }
    expect(shadowsOf(hub, env, files(texts))).toEqual([
      { address: 'connection:my_db', variable: 'AIRFLOW_CONN_MY_DB', where: 'the environment' },
      { address: 'connection:my_db', variable: 'AIRFLOW_CONN_MY_DB', where: '/etc/airflow.env' },
      { address: 'variable:key', variable: 'AIRFLOW_VAR_KEY', where: '.env' },
    ])
  })

  it('takes neither comments nor the inside of a value for a name', () => {
    const texts = { '/hub/.env': '# AIRFLOW_VAR_KEY=x\nOTHER="\nAIRFLOW_VAR_KEY=x\n"\n' }
    expect(shadowsOf(hub, nowhere, files(texts))).toEqual([])
  })
})
