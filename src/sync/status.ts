/**
 * How sync is, for people and machines: counts of what was done and of what stands, the last success, the trouble of the
 * moment; as a health answer and as Prometheus text. Names of objects and values are not in it.
 */
import { type Outcome, OUTCOME_KINDS, type OutcomeKind, isChange } from './outcome.ts'
import type { SyncEvent } from './run.ts'
import type { Trouble } from './trouble.ts'

export interface Health {
  /** `starting` until the first pass is through; `failing` while something is unreachable, or the last pass is too old. */
  readonly status: 'starting' | 'ok' | 'failing'
  /** Seconds since the beginning of the last pass that went through; null before it. */
  readonly lagSeconds: number | null
  readonly lastSuccess: string | null
  readonly conflicts: number
  /** Rows and objects that somebody has to look at. */
  readonly problems: number
  readonly trouble: { readonly side: string; readonly code: string; readonly text: string } | null
}

export class SyncStatus {
  readonly #now: () => number
  /** After which a last success is too old, in ms. */
  readonly #tooOldMs: number
  readonly #outcomes: () => Iterable<readonly [string, Outcome]>
  readonly #done = new Map<OutcomeKind, number>()
  readonly #errors = new Map<string, number>()
  readonly #passes = { changes: 0, full: 0 }
  #lastSuccess: number | undefined
  #lastPassMs = 0
  #findings = 0
  #trouble: Trouble | undefined

  /** `now`: Unix ms. `outcomes`: of every object, as it stands. */
  constructor(now: () => number, intervalMs: number, outcomes: () => Iterable<readonly [string, Outcome]>) {
    this.#now = now
    this.#tooOldMs = Math.max(3 * intervalMs, 60_000)
    this.#outcomes = outcomes
  }

  note(event: SyncEvent): void {
    switch (event.kind) {
      case 'object': {
        const { outcome } = event
        if (isChange(outcome)) add(this.#done, outcome.kind)
        if (outcome.kind === 'failed') add(this.#errors, outcome.code)
        return
      }
      case 'pass':
        this.#passes[event.result.kind] += 1
        this.#lastSuccess = this.#now() - event.durationMs
        this.#lastPassMs = event.durationMs
        this.#findings = event.result.findings?.length ?? this.#findings
        this.#trouble = undefined
        return
      case 'trouble':
        this.#trouble = event.trouble
        add(this.#errors, event.trouble.code)
        return
      case 'finding':
      case 'recovered':
        return
    }
  }

  health(): Health {
    const counts = this.#counts()
    const age = this.#lastSuccess === undefined ? undefined : this.#now() - this.#lastSuccess
    const isOld = age !== undefined && age > this.#tooOldMs + this.#lastPassMs
    return {
      status: this.#trouble !== undefined || isOld ? 'failing' : age === undefined ? 'starting' : 'ok',
      lagSeconds: age === undefined ? null : age / 1000,
      lastSuccess: this.#lastSuccess === undefined ? null : new Date(this.#lastSuccess).toISOString(),
      conflicts: counts.conflict,
      problems: counts.conflict + counts.failed + this.#findings,
      trouble:
        this.#trouble === undefined
          ? null
          : { side: this.#trouble.side, code: this.#trouble.code, text: this.#trouble.text },
    }
  }

  /** Prometheus text exposition format 0.0.4. */
  metrics(): string {
    const { lagSeconds, status } = this.health()
    const counts = this.#counts()
    const success = this.#lastSuccess
    return [
      metric('plenum_sync_up', 'gauge', '1 while both sides are reachable', [['', status === 'failing' ? 0 : 1]]),
      metric('plenum_sync_last_success_timestamp_seconds', 'gauge', 'beginning of the last pass that went through', [
        ['', success === undefined ? 0 : success / 1000],
      ]),
      metric('plenum_sync_lag_seconds', 'gauge', 'age of the last pass that went through', [
        ['', lagSeconds ?? Number.NaN],
      ]),
      metric('plenum_sync_last_pass_seconds', 'gauge', 'how long it took', [['', this.#lastPassMs / 1000]]),
      metric(
        'plenum_sync_objects',
        'gauge',
        'objects by what came of them last',
        OUTCOME_KINDS.map((kind) => [`outcome="${kind}"`, counts[kind]]),
      ),
      metric('plenum_sync_conflicts', 'gauge', 'objects that differ on both sides and wait for a decision', [
        ['', counts.conflict],
      ]),
      metric('plenum_sync_findings', 'gauge', 'rows that cannot be read or brought', [['', this.#findings]]),
      metric('plenum_sync_passes_total', 'counter', 'passes that went through', [
        ['kind="changes"', this.#passes.changes],
        ['kind="full"', this.#passes.full],
      ]),
      metric('plenum_sync_changes_total', 'counter', 'what was written', labelled('kind', this.#done)),
      metric('plenum_sync_errors_total', 'counter', 'failures by their code', labelled('code', this.#errors)),
    ].join('')
  }

  #counts(): Record<OutcomeKind, number> {
    const counts = Object.fromEntries(OUTCOME_KINDS.map((kind) => [kind, 0])) as Record<OutcomeKind, number>
    for (const [, { kind }] of this.#outcomes()) counts[kind] += 1
    return counts
  }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

type Sample = readonly [labels: string, value: number]

function labelled(name: string, counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([value, count]) => [`${name}="${value}"`, count])
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}
