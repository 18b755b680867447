/** `sys/policies/acl` and the older `sys/policy` (vault-api 3.3). */
import { invalidRequest, type LogicalRequest, type LogicalResponse, type Route } from '../../logical/index.ts'
import { stringField } from '../../logical/fields.ts'
import type { PolicyStore } from '../../policy/index.ts'

export function policyRoutes(policies: PolicyStore): Route[] {
  const remove = async (name: string): Promise<LogicalResponse> => {
    await policies.delete(name)
    return { kind: 'none' }
  }
  const list = (): LogicalResponse => ({ kind: 'list', keys: policies.list() })
  return [
    { pattern: /policies\/acl\/?/, operations: { list, read: list } },
    {
      pattern: /policies\/acl\/(?<name>.+)/,
      operations: {
        read: (_, { name = '' }) => {
          const policy = policies.text(name)
          return policy === undefined ? { kind: 'none' } : { kind: 'data', data: { name: name.toLowerCase(), policy } }
        },
        update: (request, { name = '' }) => write(policies, name, request, ['policy']),
        delete: (_, { name = '' }) => remove(name),
      },
    },
    {
      pattern: /policy\/?/,
      operations: {
        read: () => ({ kind: 'data', data: { policies: [...policies.list()], keys: [...policies.list()] } }),
        list: () => ({ kind: 'list', keys: policies.list(), more: { policies: [...policies.list()] } }),
      },
    },
    {
      pattern: /policy\/(?<name>.+)/,
      operations: {
        read: (_, { name = '' }) => {
          const rules = policies.text(name)
          return rules === undefined ? { kind: 'none' } : { kind: 'data', data: { name: name.toLowerCase(), rules } }
        },
        update: (request, { name = '' }) => write(policies, name, request, ['policy', 'rules']),
        delete: (_, { name = '' }) => remove(name),
      },
    },
  ]
}

async function write(policies: PolicyStore, name: string, request: LogicalRequest, fields: readonly string[]): Promise<LogicalResponse> {
  const field = fields.find((candidate) => (stringField(request.data, candidate) ?? '') !== '')
  if (field === undefined) throw invalidRequest("'policy' parameter not supplied or empty")
  await policies.put(name, fromBase64(stringField(request.data, field) ?? ''))
  const warnings = [
    ...(name === name.toLowerCase() ? [] : [`policy name was converted to ${name.toLowerCase()}`]),
    ...(field === 'rules' ? ["'rules' is deprecated, please use 'policy' instead"] : []),
  ]
  return { kind: 'none', warnings }
}

/** Vault takes a policy in base64 too. No HCL or JSON policy is itself base64: it needs a brace or a quote. */
function fromBase64(text: string): string {
  const looksEncoded = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
  return looksEncoded ? Buffer.from(text, 'base64').toString('utf8') : text
}
