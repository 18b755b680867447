/**
 * `sys/remount`: a mount gets another path (vault-api 3.1; D7). The work is done before the answer, so its status is
 * always `success`; Vault does it in the background and gives the id to ask with.
 *
 * Statuses are kept in memory, as in Vault: they end with the session.
 */
import { invalidRequest, type LogicalRequest, type LogicalResponse, type Route } from '../../logical/index.ts'
import { stringField } from '../../logical/fields.ts'
import type { SystemHost } from './host.ts'

interface Migration {
  readonly from: string
  readonly to: string
}

/** Nobody asks for older ones. */
const MOST_KEPT = 1000
const OWN = /^(?:sys|cubbyhole|identity|auth\/token)\/$/

export function remountRoutes(host: SystemHost): Route[] {
  const done = new Map<string, Migration>()

  async function remount({ data }: LogicalRequest): Promise<LogicalResponse> {
    const from = mountPath(data, 'from')
    const to = mountPath(data, 'to')
    if (from === to) throw invalidRequest("'from' and 'to' are the same path")
    if (OWN.test(from)) throw invalidRequest(`cannot remount ${JSON.stringify(from)}`)
    if (from.startsWith('auth/') !== to.startsWith('auth/')) {
      throw invalidRequest('cannot remount a secrets engine to an auth path, or an auth method to a secrets path')
    }
    await host.remount(from, to)
    const id = host.uuid()
    done.set(id, { from, to })
    const [oldest] = done.keys()
    if (done.size > MOST_KEPT && oldest !== undefined) done.delete(oldest)
    return {
      kind: 'data',
      data: { migration_id: id },
      warnings: ['Mount migration has been done. The status can be read with the migration ID'],
    }
  }

  return [
    {
      pattern: /remount/,
      about: 'Gives a mount another path.',
      fields: {
        from: { type: 'string', about: 'The path that it has.' },
        to: { type: 'string', about: 'The path that it is to have.' },
      },
      operations: { update: remount },
    },
    {
      pattern: /remount\/status\/(?<migration_id>[^/]+)/,
      about: 'How far a remount is.',
      fields: { migration_id: { type: 'string', in: 'path', about: 'The id that the remount has told.' } },
      operations: {
        read: (_, { migration_id: id = '' }): LogicalResponse => {
          const migration = done.get(id)
          if (migration === undefined) return { kind: 'none' }
          const { from, to } = migration
          return {
            kind: 'data',
            data: { migration_id: id, migration_info: { source_mount: from, target_mount: to, status: 'success' } },
          }
        },
      },
    },
  ]
}

function mountPath(data: LogicalRequest['data'], name: 'from' | 'to'): string {
  const given = (stringField(data, name) ?? '').replace(/^\/+|\/+$/g, '')
  if (given === '') throw invalidRequest(`no '${name}' mount path specified`)
  return `${given}/`
}
