/** Ids of connections, keys of variables, names of secrets: what Airflow takes, and what makes a path in Vault. */
import { checkConnectionId, checkVariableKey } from '../../airflow/index.ts'
import type { Complaint } from '../messages.ts'
import type { DraftEntry } from '../normalise.ts'
import type { RuleContext } from './rule.ts'

export function checkIds({ draft, findings }: RuleContext): void {
  for (const entry of draft.entries) {
    const spot = { path: entry.path, on: 'key' } as const
    const finding = findingOf(entry)
    if (finding !== undefined) findings[finding.severity](spot, finding.complaint)
  }
}

interface IdFinding {
  readonly severity: 'error' | 'warning'
  readonly complaint: Complaint
}

function findingOf({ entry, path }: DraftEntry): IdFinding | undefined {
  // Of a secret, `entry.id` has the project in front.
  const id = String(path.at(-1))
  const finding = entry.kind === 'secret' ? undefined : CHECKS[entry.kind](id)
  if (finding?.severity === 'error') return { severity: 'error', complaint: { code: 'hub-id', ...finding } }
  const own = pathComplaint(entry.kind, id)
  if (own !== undefined) return { severity: 'error', complaint: own }
  return finding === undefined ? undefined : { severity: 'warning', complaint: { code: 'hub-id', ...finding } }
}

const CHECKS = { connection: checkConnectionId, variable: checkVariableKey } as const

/**
 * Stricter than Vault, which takes nearly anything: `*` and `+` would be wildcards in a policy, `.` and `..` lead to
 * other entries, and blanks, `%` and the like come out differently in different clients.
 */
function pathComplaint(kind: DraftEntry['entry']['kind'], id: string): Complaint | undefined {
  const parts = kind === 'variable' ? id.split('/') : [id]
  const isPath = parts.every((part) => /^[A-Za-z0-9_.-]+$/.test(part) && part !== '.' && part !== '..')
  if (isPath && id.length <= 200) return undefined
  const proposal = id.replace(/[^A-Za-z0-9_.-]+/g, '_').slice(0, 200)
  const hint = /^\.{0,2}$/.test(proposal) ? undefined : `write ${proposal}`
  return { code: 'hub-id', text: 'an id has 1 to 200 letters, digits, _ . and -, and is not . or ..', hint }
}
