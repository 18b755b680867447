/** A report in words, and as a document. Pure. */
import type { Json } from '../sensitive/index.ts'
import type { LookupFinding, LookupOutcome, VerifyReport } from './findings.ts'

/** What the command line paints with; no other colour is used. */
export interface VerifyPaint {
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly dim: (text: string) => string
}

interface Line {
  readonly mark: 'x' | '!'
  readonly kind: string
  readonly name: string
  readonly text: string
  readonly hint: string | undefined
}

/** One line a finding with what to do below it, then the sums. */
export function renderVerify(report: VerifyReport, paint: VerifyPaint): string {
  return [...findingLines(report, paint), ...verifySums(report)].join('\n')
}

/** `11 of 11 look-ups resolve …`, `3 of 3 projects read their own secrets and nothing else`. */
export function verifySums({ lookups, isolation, provider }: VerifyReport): string[] {
  const resolved = lookups.filter(({ outcome }) => outcome.kind === 'resolved').length
  const sums = [
    lookups.length === 0
      ? 'no connection or variable is declared'
      : `${resolved} of ${lookups.length} look-ups resolve as Airflow makes them (provider ${provider}, role airflow)`,
  ]
  const projects = new Map<string, boolean>()
  for (const { subject, problem } of isolation) {
    if (subject.kind === 'project')
      projects.set(subject.project, (projects.get(subject.project) ?? true) && problem === undefined)
  }
  const well = [...projects.values()].filter((good) => good).length
  if (projects.size > 0)
    sums.push(
      `${well} of ${projects.size} ${projects.size === 1 ? 'project reads its' : 'projects read their'} own secrets and nothing else`,
    )
  return sums
}

/** Only what is wrong. */
export function findingLines(report: VerifyReport, paint: VerifyPaint): string[] {
  const lines = [...report.lookups.flatMap((lookup) => lookupLine(lookup, report.role)), ...isolationLines(report)]
  const kindWidth = Math.max(10, ...lines.map(({ kind }) => kind.length))
  const nameWidth = Math.max(0, ...lines.map(({ name }) => name.length))
  const indent = ' '.repeat(2 + kindWidth + 2 + nameWidth + 2)
  return lines.flatMap(({ mark, kind, name, text, hint }) => {
    const line = `${mark === 'x' ? paint.bad(mark) : paint.warn(mark)} ${kind.padEnd(kindWidth)}  ${name.padEnd(nameWidth)}  ${text}`
    return hint === undefined ? [line] : [line, `${indent}${paint.dim(hint)}`]
  })
}

export function verifyDocument({ provider, role, lookups, isolation, ok }: VerifyReport): Json {
  return {
    ok,
    provider,
    role,
    lookups: lookups.map(({ kind, id, project, request, outcome }) => ({
      kind,
      id,
      project,
      request,
      outcome: outcomeDocument(outcome),
    })),
    isolation: {
      checks: isolation.length,
      problems: isolation.flatMap(({ role, expected, request, problem }) =>
        problem === undefined ? [] : [{ role, expected, request, text: problem.text, hint: problem.hint ?? null }],
      ),
    },
  }
}

function outcomeDocument(outcome: LookupOutcome): Json {
  switch (outcome.kind) {
    case 'resolved':
      return { kind: 'resolved', warning: outcome.warning ?? null }
    case 'missing':
      return { kind: 'missing', deleted: outcome.deleted }
    case 'lost':
      return { kind: 'lost', reason: outcome.reason }
    case 'failed':
      return { kind: 'failed', text: outcome.text }
    case 'denied':
    case 'untried':
      return { kind: outcome.kind }
  }
}

function lookupLine({ kind, id, request, outcome }: LookupFinding, role: string): Line[] {
  const line = (mark: Line['mark'], text: string, hint?: string): Line[] => [{ mark, kind, name: id, text, hint }]
  switch (outcome.kind) {
    case 'resolved':
      return outcome.warning === undefined
        ? []
        : line('!', outcome.warning, '`plenum apply` writes a form that both can read')
    case 'missing':
      return outcome.deleted
        ? line(
            'x',
            `404 on ${request}: its newest version is deleted`,
            'Airflow says it is not defined; `plenum apply` would write it again',
          )
        : line('x', `404 on ${request}`, 'Airflow says it is not defined; `plenum apply` would write it')
    case 'denied':
      return line(
        'x',
        `403 on ${request} as role ${role}`,
        `policy ${role} has no rule for it: \`plenum apply\` would add it`,
      )
    case 'lost':
      return line(
        'x',
        `it is in Vault and Airflow cannot read it: ${outcome.reason}`,
        'Airflow says it is not defined; `plenum plan` shows what differs, `plenum apply --overwrite` writes it anew',
      )
    case 'failed':
      return line('x', outcome.text)
    case 'untried':
      return []
  }
}

function isolationLines({ isolation }: VerifyReport): Line[] {
  return isolation.flatMap(({ role, problem }): Line[] =>
    problem === undefined ? [] : [{ mark: 'x', kind: 'role', name: role, text: problem.text, hint: problem.hint }],
  )
}
