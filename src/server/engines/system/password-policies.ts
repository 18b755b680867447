/** `sys/policies/password`: rules for passwords, kept as written, and passwords made by them (vault-api 3.3). */
import { LogicalError, type LogicalResponse, NAME, type Route } from '../../logical/index.ts'
import { stringField } from '../../logical/fields.ts'
import { generatePassword, type PasswordPolicy, PasswordPolicyError, parsePasswordPolicy } from '../../policy/index.ts'
import type { Storage } from '../../storage/storage.ts'

interface PasswordPolicies {
  readonly storage: Storage
  readonly random: (bytes: number) => Uint8Array
}

export function passwordPolicyRoutes({ storage, random }: PasswordPolicies): Route[] {
  const textOf = (name: string): string => {
    const bytes = storage.get(name)
    if (bytes === undefined) throw new LogicalError('unsupported-path', 'policy does not exist', 'wrapped')
    const { policy } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { readonly policy: string }
    return policy
  }
  const list = (): LogicalResponse => ({ kind: 'list', keys: storage.list('') })
  return [
    { pattern: /policies\/password\/?/, operations: { list, read: list } },
    {
      pattern: new RegExp(`policies/password/(?<name>${NAME})`),
      operations: {
        read: (_, { name = '' }) => ({ kind: 'data', data: { policy: textOf(name) } }),
        update: async ({ data }, { name = '' }) => {
          const policy = stringField(data, 'policy') ?? ''
          if (policy === '') throw refusal('missing policy')
          parse(policy)
          const value = Buffer.from(JSON.stringify({ version: 1, policy }))
          await storage.commit([{ kind: 'put', key: name, value }])
          return { kind: 'none' }
        },
        delete: async (_, { name = '' }) => {
          await storage.commit([{ kind: 'delete', key: name }])
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: new RegExp(`policies/password/(?<name>${NAME})/generate`),
      operations: {
        read: (_, { name = '' }) => ({
          kind: 'data',
          data: { password: generatePassword(parse(textOf(name)), random) },
        }),
      },
    },
  ]
}

function parse(text: string): PasswordPolicy {
  try {
    return parsePasswordPolicy(text)
  } catch (error) {
    if (error instanceof PasswordPolicyError) throw refusal(error.message)
    throw error
  }
}

function refusal(reason: string): LogicalError {
  return new LogicalError('invalid-request', reason, 'wrapped')
}
