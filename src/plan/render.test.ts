import { describe, expect, it } from 'vitest'
import { planDocument } from './document.ts'
import type { Change, Plan } from './plan.ts'
import { renderPlan, type RenderPlanOptions } from './render.ts'

const NOW = Date.UTC(2026, 0, 31)
const DAY = 86_400_000
const plain = (text: string): string => text
const OPTIONS: RenderPlanOptions = {
  paint: { good: plain, bad: plain, warn: plain, dim: plain, bold: plain },
  all: false,
  now: NOW,
}

const NOTHING: Plan = {
  formatVersion: 1,
  changes: [],
  unchanged: 26,
  drifted: [],
  blocked: [],
  unmanaged: [],
  missing: [],
  shadowing: [],
}

const SAMPLE: Plan = {
  ...NOTHING,
  unchanged: 24,
  changes: [
    { action: 'create', kind: 'variable', address: 'variable:project_trading_symbols', cas: 0, fields: [] },
    {
      action: 'update',
      kind: 'connection',
      address: 'connection:project_trading_ibkr',
      cas: 3,
      fields: [
        { field: 'password', change: 'changed' },
        { field: 'extra.read_only', change: 'removed' },
      ],
    },
    { action: 'delete', kind: 'role', address: 'role:project-legacy', cas: 0, fields: [] },
  ],
  drifted: [
    {
      kind: 'variable',
      address: 'variable:project_trading_api_key',
      reason: 'changed',
      version: 5,
      changedAt: NOW - 2 * DAY - 1,
      fields: [{ field: 'value', change: 'changed' }],
    },
  ],
}

describe('renderPlan', () => {
  it('has a line for each change and one that sums up', () => {
    expect(renderPlan(SAMPLE, OPTIONS)).toBe(
      [
        '  ~ connection  project_trading_ibkr     password changed; extra.read_only removed   (version 3 -> 4)',
        '  + variable    project_trading_symbols',
        '  - role        project-legacy           no longer declared',
        '  ! variable    project_trading_api_key  changed in Vault since Plenum wrote it: value changed   (version 5, 2 days ago)',
        '',
        '1 to add, 1 to change, 1 to delete, 1 drifted, 24 unchanged',
      ].join('\n'),
    )
  })

  it('says that there is nothing to do', () => {
    expect(renderPlan(NOTHING, OPTIONS)).toBe('no changes: Vault is what plenum.yaml says (26 objects)')
    expect(renderPlan({ ...NOTHING, unchanged: 1 }, OPTIONS)).toContain('(1 object)')
  })

  it('shows what Plenum leaves alone also when there is nothing to do', () => {
    const plan: Plan = {
      ...NOTHING,
      unmanaged: ['variable:by_hand'],
      shadowing: [{ address: 'variable:a', variable: 'AIRFLOW_VAR_A', where: '.env' }],
    }
    expect(renderPlan(plan, OPTIONS)).toBe(
      [
        '  ! variable    a        AIRFLOW_VAR_A also stands in .env: Airflow falls back to it when Vault fails',
        '  ? variable    by_hand  plenum.yaml does not declare it: left alone',
        '',
        'no changes: Vault is what plenum.yaml says (26 objects)',
      ].join('\n'),
    )
  })

  it('does not call it nothing when something is missing or blocked, and gives the hint', () => {
    const blocked = { kind: 'mount', address: 'mount:secret', text: 'is wrong', hint: 'name another' } as const
    const text = renderPlan({ ...NOTHING, blocked: [blocked], missing: ['connection:gone'] }, OPTIONS)
    expect(text.split('\n')).toEqual([
      '  x mount       secret  is wrong',
      '                        name another',
      '  x connection  gone    declared as external, and not in Vault',
      '',
      '1 blocked, 1 missing, 26 unchanged',
    ])
  })

  it('tells adopting from completing', () => {
    const mark = (address: 'variable:a' | 'variable:b', fields: readonly string[]): Change => {
      return {
        action: 'mark',
        kind: 'variable',
        address,
        cas: 2,
        fields: fields.map((field) => ({ field, change: 'added' })),
      }
    }
    const changes = [
      mark('variable:a', ['managed-by', 'hub', 'plenum-version']),
      mark('variable:b', ['plenum-version']),
    ]
    const lines = renderPlan({ ...NOTHING, changes }, OPTIONS).split('\n')
    expect(lines[0]).toBe("  = variable    a  already as declared: marked as Plenum's   (version 2)")
    expect(lines[1]).toBe('  = variable    b  completes an interrupted apply   (version 2)')
    expect(lines[3]).toBe('2 to mark, 26 unchanged')
  })

  it('cuts long groups one by one, so that a deletion is never pushed out of sight', () => {
    const creations = Array.from({ length: 100 }, (_, index): Change => {
      return { action: 'create', kind: 'variable', address: `variable:v${index}`, cas: 0, fields: [] }
    })
    const deletion: Change = { action: 'delete', kind: 'secret', address: 'secret:p/s', cas: 7, fields: [] }
    const plan = { ...NOTHING, changes: [...creations, deletion] }
    const lines = renderPlan(plan, OPTIONS).split('\n')
    expect(lines.slice(39, 42)).toEqual([
      '  + variable    v39',
      '    … and 60 more (--all shows them)',
      '  - secret      p/s  no longer declared   (version 7, can be undeleted)',
    ])
    expect(renderPlan(plan, { ...OPTIONS, all: true }).split('\n')).toHaveLength(103)
  })

  it('names a few fields of many', () => {
    const fields = Array.from({ length: 9 }, (_, index) => ({ field: `f${index}`, change: 'changed' }) as const)
    const change: Change = { action: 'update', kind: 'secret', address: 'secret:p/s', cas: 1, fields }
    const plan = { ...NOTHING, changes: [change] }
    expect(renderPlan(plan, OPTIONS)).toContain('f5 changed; 3 more   (version 1 -> 2)')
    expect(renderPlan(plan, { ...OPTIONS, all: true })).toContain('f8 changed')
  })

  it('lets no name from Vault steer the terminal', () => {
    const plan: Plan = { ...NOTHING, unmanaged: ['variable:a\u001b[2Jb\nc\u202ed'] }
    expect(renderPlan(plan, OPTIONS).split('\n')[0]).toContain('a\\u{1b}[2Jb\\u{a}c\\u{202e}d')
  })

  it('gives ages in words', () => {
    const drift = (ago: number): string => {
      const [drifted] = SAMPLE.drifted
      return drifted === undefined
        ? ''
        : renderPlan({ ...NOTHING, drifted: [{ ...drifted, changedAt: NOW - ago }] }, OPTIONS)
    }
    expect(drift(-5)).toContain('(version 5, just now)')
    expect(drift(61_000)).toContain('1 minute ago')
    expect(drift(5 * 3_600_000)).toContain('5 hours ago')
  })
})

describe('planDocument', () => {
  it('is the plan for programs', () => {
    expect(planDocument(SAMPLE)).toMatchObject({
      formatVersion: 1,
      empty: false,
      summary: { create: 1, update: 1, mark: 0, delete: 1, unchanged: 24, drifted: 1 },
      changes: [
        { action: 'create', kind: 'variable', id: 'project_trading_symbols', version: 0 },
        {
          action: 'update',
          id: 'project_trading_ibkr',
          version: 3,
          fields: [{ field: 'password', change: 'changed' }, {}],
        },
        { action: 'delete', kind: 'role', address: 'role:project-legacy' },
      ],
      drifted: [{ reason: 'changed', version: 5, changedAt: '2026-01-28T23:59:59.999Z' }],
    })
  })
})
