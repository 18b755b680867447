import { describe, expect, it } from 'vitest'
import type { Outcome } from './outcome.ts'
import type { PassResult } from './pass.ts'
import type { SyncEvent } from './run.ts'
import { SyncStatus } from './status.ts'
import type { Trouble } from './trouble.ts'

const START = Date.UTC(2026, 0, 1)
const TROUBLE: Trouble = { side: 'vault', code: 'vault-sealed', text: 'Vault is sealed', hint: undefined }
const CREATED: Outcome = { kind: 'created', version: 1, project: 'p' }
const FAILED: Outcome = { kind: 'failed', code: 'vault-denied', text: 'denied' }
const CONFLICT: Outcome = { kind: 'conflict', what: 'both-changed' }

class Watched {
  now = START
  readonly outcomes = new Map<string, Outcome>()
  readonly status: SyncStatus

  constructor(intervalMs = 2000) {
    this.status = new SyncStatus(
      () => this.now,
      intervalMs,
      () => this.outcomes,
    )
  }

  pass(result: Partial<PassResult> = {}, durationMs = 500): void {
    const whole: PassResult = { kind: 'changes', looked: 0, findings: undefined, ...result }
    this.status.note({ kind: 'pass', result: whole, durationMs })
  }

  trouble(trouble: Trouble = TROUBLE): void {
    this.status.note({ kind: 'trouble', trouble, retryInMs: 1000 })
  }

  object(outcome: Outcome, address = 'variable:planted-name'): void {
    this.outcomes.set(address, outcome)
    this.status.note({ kind: 'object', address, outcome })
  }
}

const FINDING: Extract<SyncEvent, { kind: 'finding' }>['finding'] = {
  severity: 'error',
  code: 'import-row-key-lost',
  where: 'variable row 1',
  id: 'planted-name',
  text: 'lost',
  hint: undefined,
}

describe('health', () => {
  it('is starting until the first pass is through', () => {
    expect(new Watched().status.health()).toEqual({
      status: 'starting',
      lagSeconds: null,
      lastSuccess: null,
      conflicts: 0,
      problems: 0,
      trouble: null,
    })
  })

  it('is well after a pass, and counts from its beginning', () => {
    const watched = new Watched()
    watched.pass()
    watched.now += 2500
    expect(watched.status.health()).toMatchObject({
      status: 'ok',
      lagSeconds: 3,
      lastSuccess: '2025-12-31T23:59:59.500Z',
    })
  })

  it('fails while something is not there, also at the start, and says what; then it is well again', () => {
    const watched = new Watched()
    watched.trouble()
    const trouble = { side: 'vault', code: 'vault-sealed', text: 'Vault is sealed' }
    expect(watched.status.health()).toMatchObject({ status: 'failing', lastSuccess: null, trouble })
    watched.pass()
    expect(watched.status.health()).toMatchObject({ status: 'ok', trouble: null })
    watched.trouble()
    expect(watched.status.health()).toMatchObject({ status: 'failing', lastSuccess: '2025-12-31T23:59:59.500Z' })
  })

  it.each([
    ['a minute', 2000, 60_000],
    ['three intervals, where they are longer', 60_000, 180_000],
  ])('fails when no pass has been through for %s and as long as one takes', (_, intervalMs, tooOld) => {
    const watched = new Watched(intervalMs)
    watched.pass({}, 4000)
    watched.now += tooOld
    expect(watched.status.health().status).toBe('ok')
    watched.now += 1
    expect(watched.status.health()).toMatchObject({ status: 'failing', trouble: null })
  })

  it('counts what somebody has to look at: conflicts, failures, and findings of the last pass that looked for them', () => {
    const watched = new Watched()
    watched.object(CONFLICT, 'a')
    watched.object(FAILED, 'b')
    watched.object({ kind: 'left', why: 'kept' }, 'c')
    watched.object(CREATED, 'd')
    watched.pass({ findings: [FINDING, FINDING] })
    expect(watched.status.health()).toMatchObject({ status: 'ok', conflicts: 1, problems: 4 })
    watched.pass({ findings: undefined })
    expect(watched.status.health().problems).toBe(4)
    watched.pass({ findings: [] })
    watched.object({ kind: 'in-step' }, 'a')
    expect(watched.status.health()).toMatchObject({ conflicts: 0, problems: 1 })
  })
})

/** Prometheus text format 0.0.4, strictly: each family once, HELP, TYPE, then its samples. Samples by name and labels. */
function parsePrometheus(text: string): { readonly types: Map<string, string>; readonly samples: Map<string, number> } {
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const samples = new Map<string, number>()
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line)
    if (comment !== null) {
      const [, word, name = '', rest = ''] = comment
      if (word === 'HELP') {
        if (helped.has(name)) throw new Error(`${name} is explained twice`)
        helped.add(name)
        family = name
      } else {
        if (name !== family || types.has(name)) throw new Error(`TYPE of ${name} stands elsewhere`)
        if (rest !== 'counter' && rest !== 'gauge') throw new Error(`${rest} is no type`)
        if ((rest === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is named like another type`)
        types.set(name, rest)
      }
      continue
    }
    const sample =
      /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*")(?:,[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*")*\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
        line,
      )
    if (sample === null) throw new Error(`not a sample: ${line}`)
    const [, name = '', labels = '', value = ''] = sample
    if (name !== family || !types.has(name)) throw new Error(`${name} stands elsewhere than its family`)
    if (samples.has(`${name}${labels}`)) throw new Error(`${name}${labels} stands twice`)
    samples.set(`${name}${labels}`, Number(value))
  }
  return { types, samples }
}

describe('metrics', () => {
  it('are valid before anything happened', () => {
    const { types, samples } = parsePrometheus(new Watched().status.metrics())
    expect(Object.fromEntries(types)).toEqual({
      plenum_sync_up: 'gauge',
      plenum_sync_last_success_timestamp_seconds: 'gauge',
      plenum_sync_lag_seconds: 'gauge',
      plenum_sync_last_pass_seconds: 'gauge',
      plenum_sync_objects: 'gauge',
      plenum_sync_conflicts: 'gauge',
      plenum_sync_findings: 'gauge',
      plenum_sync_passes_total: 'counter',
      plenum_sync_changes_total: 'counter',
      plenum_sync_errors_total: 'counter',
    })
    expect(samples.get('plenum_sync_lag_seconds')).toBeNaN()
    expect(samples.get('plenum_sync_objects{outcome="conflict"}')).toBe(0)
  })

  it('count what happened and say what stands', () => {
    const watched = new Watched()
    watched.object(CREATED, 'variable:a')
    watched.object(CREATED, 'variable:b')
    watched.object(CONFLICT, 'variable:c')
    watched.object(FAILED, 'variable:d')
    watched.object({ kind: 'in-step' }, 'variable:a')
    watched.pass({ kind: 'full', findings: [FINDING] }, 1500)
    watched.pass({ kind: 'changes' }, 250)
    watched.trouble()
    watched.trouble()
    watched.now += 750
    const { samples } = parsePrometheus(watched.status.metrics())
    expect(Object.fromEntries([...samples].filter(([, value]) => value !== 0))).toEqual({
      plenum_sync_last_success_timestamp_seconds: (START - 250) / 1000,
      plenum_sync_lag_seconds: 1,
      plenum_sync_last_pass_seconds: 0.25,
      'plenum_sync_objects{outcome="in-step"}': 1,
      'plenum_sync_objects{outcome="created"}': 1,
      'plenum_sync_objects{outcome="conflict"}': 1,
      'plenum_sync_objects{outcome="failed"}': 1,
      plenum_sync_conflicts: 1,
      plenum_sync_findings: 1,
      'plenum_sync_passes_total{kind="full"}': 1,
      'plenum_sync_passes_total{kind="changes"}': 1,
      'plenum_sync_changes_total{kind="created"}': 2,
      'plenum_sync_errors_total{code="vault-denied"}': 1,
      'plenum_sync_errors_total{code="vault-sealed"}': 2,
    })
    watched.pass()
    expect(parsePrometheus(watched.status.metrics()).samples.get('plenum_sync_up')).toBe(1)
  })

  it('and health name no object', () => {
    const watched = new Watched()
    watched.object(CONFLICT)
    watched.object(FAILED)
    watched.pass({ findings: [FINDING] })
    expect(`${watched.status.metrics()}${JSON.stringify(watched.status.health())}`).not.toContain('planted')
  })
})
