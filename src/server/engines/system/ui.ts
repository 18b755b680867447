/**
 * `sys/internal/ui`: the mounts that one may see, which the Vault CLI asks for before every `kv` command, and what one's
 * policies add up to (vault-api 3.5; S42).
 */
import {
  LogicalError,
  type JsonObject,
  type LogicalResponse,
  permissionDenied,
  type Route,
} from '../../logical/index.ts'
import type { MountView, ResultantRules, SystemHost } from './host.ts'
import { mountObject } from './mount-settings.ts'

export function uiRoutes(host: SystemHost): Route[] {
  return [
    {
      pattern: /internal\/ui\/mounts\/?/,
      about: 'The mounts that one may see.',
      fields: {},
      operations: {
        read: ({ clientToken }) => {
          const token = host.tokenByText(clientToken)
          const visible = (prefix: '' | 'auth/') => (view: MountView) =>
            token === undefined ? view.config.listingVisibility === 'unauth' : host.sees(token, prefix + view.path)
          return {
            kind: 'data',
            data: {
              secret: summary(host.secrets.list().filter(visible(''))),
              auth: summary(host.auths.list().filter(visible('auth/'))),
            },
          }
        },
      },
    },
    {
      pattern: /internal\/ui\/mounts\/(?<path>.+)/,
      about: 'The mount that a path belongs to.',
      fields: { path: { type: 'string', in: 'path', about: 'A mount, or any path below it.' } },
      operations: {
        read: ({ clientToken }, { path = '' }): LogicalResponse => {
          const token = host.tokenByText(clientToken)
          const mount = host.mountOf(path)
          // One text for "no such mount" and "not yours": the question must not reveal which mounts exist.
          if (token === undefined || mount === undefined || !host.sees(token, mount.fullPath)) {
            throw new LogicalError(
              'permission-denied',
              `preflight capability check returned 403, please ensure client's policies grant access to path "${path.endsWith('/') ? path : `${path}/`}"`,
              'bare',
            )
          }
          return { kind: 'data', data: { ...mountObject(mount.view), path: mount.fullPath } }
        },
      },
    },
    {
      pattern: /internal\/specs\/openapi/,
      about: 'What there is, as an OpenAPI document: of the mounts that one may see.',
      fields: {},
      operations: {
        read: ({ clientToken }) => ({ kind: 'document', data: host.openApi(host.tokenByText(clientToken)) }),
      },
    },
    {
      pattern: /internal\/ui\/namespaces/,
      about: 'The namespaces that one may see: the root alone.',
      fields: {},
      operations: {
        read: ({ clientToken }) => {
          if (host.tokenByText(clientToken) === undefined) throw permissionDenied()
          // Of one namespace, the root, whose name is empty.
          return { kind: 'list', keys: [''] }
        },
      },
    },
    {
      pattern: /internal\/ui\/resultant-acl/,
      about: 'What the policies of the token that asks add up to.',
      fields: {},
      operations: {
        read: ({ caller }) => {
          if (caller === undefined) throw permissionDenied()
          const { root, exact, patterns } = host.rules(caller)
          return { kind: 'data', data: { root, exact_paths: byPath(exact), glob_paths: byPath(patterns) } }
        },
      },
    },
  ]
}

function byPath(rules: ResultantRules['exact']): JsonObject {
  const paths = Object.create(null) as JsonObject
  for (const { path, capabilities } of rules) paths[path] = { capabilities: [...capabilities] }
  return paths
}

function summary(views: readonly MountView[]): JsonObject {
  return Object.fromEntries(
    views.map((view) => [
      view.path,
      { type: view.type, description: view.description, options: view.options === null ? null : { ...view.options } },
    ]),
  )
}
