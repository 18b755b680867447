/**
 * What each role must and must not reach, as data (pure), and the one function that tries it.
 *
 * Only reading and listing are tried: a write that should be refused and is not would change something.
 */
import type { Hub, HubAccess, HubRole } from '../hub/index.ts'
import { encodePath, type VaultClient, VaultError } from '../vault/index.ts'
import type { IsolationFinding } from './findings.ts'

/** A name that nobody declares. A miss must be a 404, or every look-up that Airflow would find elsewhere raises (airflow 1.5). */
const NO_SUCH = 'plenum-verify-no-such-entry'

export interface Check {
  readonly role: HubRole
  readonly subject: IsolationFinding['subject']
  readonly expected: 'found' | 'miss' | 'refused'
  readonly method: 'GET' | 'LIST'
  /** With the mount and `data/` or `metadata/`. */
  readonly path: string
}

/** By role; the first check of each is also its first login. */
export function checksOf(hub: Hub, access: HubAccess): ReadonlyMap<HubRole, readonly Check[]> {
  const checks = new Map<HubRole, readonly Check[]>()
  for (const role of access.roles) {
    const { purpose } = role
    if (purpose.kind === 'airflow') checks.set(role, airflowChecks(hub, role))
    if (purpose.kind === 'project') checks.set(role, projectChecks(hub, role, purpose.project))
  }
  return checks
}

function airflowChecks(hub: Hub, role: HubRole): Check[] {
  const { mount, connections, variables, projects } = hub.vault
  const check = checkOf(role, { kind: 'airflow' })
  return [
    ...[connections, variables].flatMap((prefix) => [
      check('miss', 'GET', `${mount}/data/${prefix}/${NO_SUCH}`),
      check('refused', 'LIST', `${mount}/metadata/${prefix}`),
      check('refused', 'GET', `${mount}/metadata/${prefix}/${NO_SUCH}`),
    ]),
    ...hub.projects.map(({ name }) => check('refused', 'GET', `${mount}/data/${projects}/${name}/${NO_SUCH}`)),
  ]
}

function projectChecks(hub: Hub, role: HubRole, project: string): Check[] {
  const { mount, connections, variables, projects } = hub.vault
  const check = checkOf(role, { kind: 'project', project })
  const own = hub.entries.filter((entry) => entry.kind === 'secret' && entry.project === project)
  const others = hub.projects.filter(({ name }) => name !== project)
  return [
    ...[connections, variables].map((prefix) => check('refused', 'GET', `${mount}/data/${prefix}/${NO_SUCH}`)),
    check('refused', 'LIST', `${mount}/metadata/${projects}`),
    ...others.map(({ name }) => check('refused', 'GET', `${mount}/data/${projects}/${name}/${NO_SUCH}`)),
    ...own.map(({ path }) => check('found', 'GET', `${mount}/data/${path}`)),
  ]
}

function checkOf(role: HubRole, subject: Check['subject']) {
  return (expected: Check['expected'], method: Check['method'], path: string): Check => ({
    role,
    subject,
    expected,
    method,
    path,
  })
}

/** @throws {VaultError} when the role cannot log in, and whatever the signal's reason is. */
export async function tryCheck(
  client: VaultClient,
  check: Check,
  loginPath: string,
  signal?: AbortSignal,
): Promise<IsolationFinding> {
  const { role, subject, expected, method, path } = check
  const problem = PROBLEMS[expected](await answerTo(client, check, loginPath, signal), check)
  return { role: role.name, subject, expected, request: `${method} ${path}`, problem }
}

type Answer = { readonly kind: 'found' | 'absent' | 'denied' } | { readonly kind: 'failed'; readonly text: string }

async function answerTo(
  client: VaultClient,
  { method, path }: Check,
  loginPath: string,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  try {
    const { status } = await client.request(method, encodePath(path), { signal })
    return { kind: status === 404 ? 'absent' : 'found' }
  } catch (error) {
    if (!(error instanceof VaultError) || error.path === loginPath) throw error
    return error.code === 'vault-denied' ? { kind: 'denied' } : { kind: 'failed', text: error.message }
  }
}

type Judge = (answer: Answer, check: Check) => IsolationFinding['problem']

const PROBLEMS: Readonly<Record<Check['expected'], Judge>> = {
  found: (answer, { path, role }) => {
    if (answer.kind === 'found') return undefined
    if (answer.kind === 'failed') return { text: answer.text, hint: undefined }
    return answer.kind === 'denied'
      ? {
          text: `403 on ${path} as role ${role.name}`,
          hint: `policy ${role.name} has no rule for it: \`plenum apply\` would add it`,
        }
      : { text: `404 on ${path}`, hint: 'it is declared and not in Vault: `plenum apply` would write it' }
  },
  miss: (answer, { path, role }) => {
    if (answer.kind === 'absent' || answer.kind === 'found') return undefined
    if (answer.kind === 'failed') return { text: answer.text, hint: undefined }
    return {
      text: `403 and not 404 for what is not there (${path} as role ${role.name})`,
      hint: `Airflow then raises instead of looking further: policy ${role.name} must allow the whole prefix; \`plenum apply\` would make it so`,
    }
  },
  refused: (answer, { method, path, role }) => {
    if (answer.kind === 'denied') return undefined
    if (answer.kind === 'failed') return { text: answer.text, hint: undefined }
    return {
      text: `${method} ${path} is allowed as role ${role.name}`,
      hint: `the role can do more than it needs: \`plenum plan\` shows what was changed in policy or role ${role.name}`,
    }
  },
}
