/** `sys/audit` and `sys/audit-hash` (vault-api 4.3). */
import {
  type Field,
  invalidRequest,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  type Route,
} from '../../logical/index.ts'
import { boolField, objectField, stringField } from '../../logical/fields.ts'
import type { AuditPort } from './host.ts'

const PATH: Field = { type: 'string', in: 'path', about: 'Where the device is, as it was enabled.' }

export function auditRoutes(audit: AuditPort): Route[] {
  return [
    {
      pattern: /audit\/?/,
      about: 'All audit devices.',
      fields: {},
      operations: {
        read: () => ({
          kind: 'data',
          data: Object.fromEntries(
            audit
              .list()
              .map(({ path, type, description, options, local = false }): [string, JsonObject] => [
                path,
                { type, description, options: { ...options }, path, local },
              ]),
          ),
        }),
      },
    },
    {
      pattern: /audit\/(?<path>.+?)\/?/,
      about: 'Enables an audit device, or ends it.',
      fields: {
        path: PATH,
        type: { type: 'string', about: '`file`, `socket` or `syslog`.' },
        description: { type: 'string', about: 'For people.' },
        options: { type: 'map', about: 'Settings of the device, by its type.' },
        local: { type: 'bool', about: 'Kept and shown alone: there is no cluster.' },
      },
      operations: {
        update: (request, { path = '' }) => enable(audit, `${path}/`, request),
        delete: async (_, { path = '' }) => {
          await audit.disable(`${path}/`)
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: /audit-hash\/(?<path>.+?)\/?/,
      about: 'How a text stands in the log of a device.',
      fields: { path: PATH, input: { type: 'string', about: 'The text.' } },
      operations: {
        update: ({ data }, { path = '' }) => {
          const input = stringField(data, 'input') ?? ''
          if (input === '') throw invalidRequest('the "input" parameter is empty')
          const hash = audit.hash(`${path}/`, input)
          if (hash === undefined) throw invalidRequest(`unknown audit backend "${path}/"`)
          return { kind: 'data', data: { hash } }
        },
      },
    },
  ]
}

async function enable(audit: AuditPort, path: string, { data }: LogicalRequest): Promise<LogicalResponse> {
  const type = stringField(data, 'type') ?? ''
  const given = objectField(data, 'options') ?? {}
  const options = Object.fromEntries(Object.keys(given).map((name) => [name, stringField(given, name) ?? '']))
  const local = boolField(data, 'local') ?? false
  const description = stringField(data, 'description') ?? ''
  return { kind: 'none', warnings: await audit.enable({ path, type, description, options, local }) }
}
