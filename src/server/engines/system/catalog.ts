/** `sys/plugins/catalog`: the engines and auth methods that this server has of its own. Nothing can be added (vault-api 4.4). */
import { invalidRequest, type JsonObject, type LogicalResponse, type Route } from '../../logical/index.ts'

type PluginType = 'auth' | 'database' | 'secret'

const CATALOG: Readonly<Record<PluginType, readonly string[]>> = {
  auth: ['approle', 'userpass'],
  database: [],
  secret: ['kv'],
}

export function catalogRoutes(version: string): Route[] {
  const builtIn = `v${version}+builtin`
  const namesOf = (type: string): readonly string[] => {
    if (type !== 'auth' && type !== 'database' && type !== 'secret') throw invalidRequest('unsupported plugin type')
    return CATALOG[type]
  }
  const shown = (type: PluginType, name: string): JsonObject => ({
    type,
    name,
    version: builtIn,
    builtin: true,
    deprecation_status: 'supported',
  })
  const refuse = (): LogicalResponse => {
    throw invalidRequest('plugins cannot be registered: this server has its own engines and auth methods alone')
  }
  const list = (type: string): LogicalResponse => ({ kind: 'list', keys: namesOf(type) })
  return [
    {
      pattern: /plugins\/catalog\/?/,
      operations: {
        read: () => ({
          kind: 'data',
          data: {
            ...Object.fromEntries(Object.entries(CATALOG).map(([type, names]) => [type, [...names]])),
            detailed: (['auth', 'database', 'secret'] as const).flatMap((type) =>
              CATALOG[type].map((name) => shown(type, name)),
            ),
          },
        }),
      },
    },
    {
      pattern: /plugins\/catalog\/(?<type>[^/]+)\/?/,
      operations: { list: (_, { type = '' }) => list(type), read: (_, { type = '' }) => list(type) },
    },
    {
      pattern: /plugins\/catalog\/(?<type>[^/]+)\/(?<name>[^/]+)/,
      operations: {
        read: (_, { type = '', name = '' }) =>
          namesOf(type).includes(name)
            ? {
                kind: 'data',
                data: {
                  args: [],
                  builtin: true,
                  command: '',
                  deprecation_status: 'supported',
                  name,
                  sha256: '',
                  version: builtIn,
                },
              }
            : { kind: 'none' },
        update: refuse,
        delete: refuse,
      },
    },
  ]
}
