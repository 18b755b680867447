/** `sys/policies/acl` and the older `sys/policy` (vault-api 3.3). */
import {
  type Field,
  invalidRequest,
  type LogicalRequest,
  type LogicalResponse,
  type Route,
} from '../../logical/index.ts'
import { stringField } from '../../logical/fields.ts'
import type { PolicyStore } from '../../policy/index.ts'

const NAME: Field = { type: 'string', in: 'path', about: 'The name of the policy.' }
const POLICY: Field = { type: 'string', about: 'The policy, in HCL or JSON.' }

export function policyRoutes(policies: PolicyStore): Route[] {
  const remove = async (name: string): Promise<LogicalResponse> => {
    await policies.delete(name)
    return { kind: 'none' }
  }
  const list = (): LogicalResponse => ({ kind: 'list', keys: policies.list() })
  return [
    { pattern: /policies\/acl\/?/, about: 'The names of all policies.', fields: {}, operations: { list, read: list } },
    {
      pattern: /policies\/acl\/(?<name>.+)/,
      about: 'A policy: who has it may do what its rules allow.',
      fields: { name: NAME, policy: POLICY },
      operations: {
        read: (_, { name = '' }) => {
          const policy = policies.get(name)
          return policy === undefined
            ? { kind: 'none' }
            : { kind: 'data', data: { name: policy.name, policy: policy.text } }
        },
        update: (request, { name = '' }) => write(policies, name, request, ['policy']),
        delete: (_, { name = '' }) => remove(name),
      },
    },
    {
      pattern: /policy\/?/,
      about: 'The older path of policies/acl.',
      fields: {},
      operations: {
        read: () => ({ kind: 'data', data: { policies: [...policies.list()], keys: [...policies.list()] } }),
        list: () => ({ kind: 'list', keys: policies.list(), more: { policies: [...policies.list()] } }),
      },
    },
    {
      pattern: /policy\/(?<name>.+)/,
      about: 'The older path of policies/acl/{name}.',
      fields: {
        name: NAME,
        policy: POLICY,
        rules: { type: 'string', about: 'The older name of policy.', deprecated: true },
      },
      operations: {
        read: (_, { name = '' }) => {
          const policy = policies.get(name)
          return policy === undefined
            ? { kind: 'none' }
            : { kind: 'data', data: { name: policy.name, rules: policy.text } }
        },
        update: (request, { name = '' }) => write(policies, name, request, ['policy', 'rules']),
        delete: (_, { name = '' }) => remove(name),
      },
    },
  ]
}

async function write(
  policies: PolicyStore,
  name: string,
  request: LogicalRequest,
  fields: readonly string[],
): Promise<LogicalResponse> {
  const field = fields.find((candidate) => (stringField(request.data, candidate) ?? '') !== '')
  if (field === undefined) throw invalidRequest("'policy' parameter not supplied or empty")
  const warnings = await policies.put(name, stringField(request.data, field) ?? '')
  return {
    kind: 'none',
    warnings: field === 'rules' ? [...warnings, "'rules' is deprecated, please use 'policy' instead"] : warnings,
  }
}
