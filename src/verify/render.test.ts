import { describe, expect, it } from 'vitest'
import type { IsolationFinding, LookupFinding, VerifyReport } from './findings.ts'
import { renderVerify, verifyDocument } from './render.ts'

const paint = { bad: (text: string) => text, warn: (text: string) => text, dim: (text: string) => text }
const request = 'secret/data/airflow/connections/project_trading_ibkr'

const lookup = (outcome: LookupFinding['outcome'], id = 'project_trading_ibkr'): LookupFinding => ({
  kind: 'connection',
  id,
  project: 'trading',
  request,
  outcome,
})
const held = (project: string): IsolationFinding => ({
  role: `plenum-h-project-${project}`,
  subject: { kind: 'project', project },
  expected: 'found',
  request: 'GET x',
  problem: undefined,
})
const resolved: LookupFinding['outcome'] = { kind: 'resolved', digests: { password: 'digest' }, warning: undefined }

const report = (lookups: readonly LookupFinding[], isolation: readonly IsolationFinding[] = []): VerifyReport => ({
  provider: '4.8',
  role: 'plenum-h-airflow',
  lookups,
  isolation,
  ok: false,
})

describe('a report', () => {
  it('is two lines when all is well', () => {
    expect(renderVerify(report([lookup(resolved)], [held('a'), held('b')]), paint)).toBe(
      '1 of 1 look-ups resolve as Airflow makes them (provider 4.8, role airflow)\n2 of 2 projects read their own secrets and nothing else',
    )
  })

  it('says what was asked, what came and what to do', () => {
    expect(renderVerify(report([lookup({ kind: 'denied' }), lookup(resolved, 'b')]), paint).split('\n')).toEqual([
      `x connection  project_trading_ibkr  403 on ${request} as role plenum-h-airflow`,
      `${' '.repeat(36)}policy plenum-h-airflow has no rule for it: \`plenum apply\` would add it`,
      '1 of 2 look-ups resolve as Airflow makes them (provider 4.8, role airflow)',
    ])
  })

  it.each<[LookupFinding['outcome'], string]>([
    [{ kind: 'missing', deleted: false }, `404 on ${request}`],
    [{ kind: 'missing', deleted: true }, 'its newest version is deleted'],
    [{ kind: 'lost', reason: 'unknown key "owner"' }, 'unknown key "owner"'],
    [{ kind: 'failed', text: 'GET x: 500' }, 'GET x: 500'],
    [{ ...resolved, warning: 'providers up to 4.7.1 would lose it: port is text' }, 'would lose it'],
  ])('has a line for %j', (outcome, text) => {
    expect(renderVerify(report([lookup(outcome)]), paint)).toContain(text)
  })

  it('tells a refused login once, not once a look-up', () => {
    const login: IsolationFinding = {
      role: 'plenum-h-airflow',
      subject: { kind: 'airflow' },
      expected: 'login',
      request: 'POST auth/approle/login',
      problem: { text: 'cannot log in: 400', hint: undefined },
    }
    const text = renderVerify(report([lookup({ kind: 'untried' }), lookup({ kind: 'untried' }, 'b')], [login]), paint)
    expect(text.split('\n')).toEqual([
      'x role        plenum-h-airflow  cannot log in: 400',
      '0 of 2 look-ups resolve as Airflow makes them (provider 4.8, role airflow)',
    ])
  })

  it('counts a project with one hole as not isolated', () => {
    const hole = { ...held('a'), problem: { text: 'GET y is allowed as role plenum-h-project-a', hint: 'look' } }
    expect(renderVerify(report([], [held('a'), hole, held('b')]), paint)).toContain('1 of 2 projects read')
  })

  it('as a document holds no digest', () => {
    expect(JSON.stringify(verifyDocument(report([lookup(resolved)])))).not.toContain('digest')
  })
})
