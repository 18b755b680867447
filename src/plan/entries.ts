/**
 * The declared entries together: a field may be declared to be the same as a field of another entry, which this very
 * plan may be about to change. Each entry is judged after those that it points at, so that one apply is enough.
 */
import type { Fingerprint } from '../sensitive/index.ts'
import { type Expected, judgeEntry } from './entry.ts'
import type { ActualEntry, ActualSource, Address, DesiredEntry, DesiredField } from './plan.ts'
import type { Judged, Verdict } from './verdict.ts'

export interface Found {
  /** By path. */
  readonly entries: ReadonlyMap<string, ActualEntry>
  readonly sources: ReadonlyMap<Address, ActualSource>
}

/** `circle`: it points at itself in the end. `nothing`: there is no such field, and none will be made. */
type Resolved = Expected | { readonly kind: 'lost'; readonly because: 'circle' | 'nothing' }

/** In the order of `desired`. */
export function judgeEntries(desired: readonly DesiredEntry[], found: Found, overwrite: boolean): Judged[] {
  const declared = new Map(desired.map((entry) => [entry.path, entry]))
  const verdicts = new Map<DesiredEntry, Verdict>()
  const underWay = new Set<DesiredEntry>()

  function verdictOf(entry: DesiredEntry): Verdict {
    const known = verdicts.get(entry)
    if (known !== undefined) return known
    underWay.add(entry)
    const verdict = judge(entry)
    underWay.delete(entry)
    verdicts.set(entry, verdict)
    return verdict
  }

  function judge(entry: DesiredEntry): Verdict {
    const expected = new Map<string, Expected>()
    for (const [name, field] of entry.fields) {
      const resolved = resolve(entry, name, field)
      if (resolved.kind === 'lost') return lost(entry, name, field, resolved.because)
      expected.set(name, resolved)
    }
    return judgeEntry(entry, found.entries.get(entry.path), expected, overwrite)
  }

  function resolve(entry: DesiredEntry, name: string, wanted: DesiredField): Resolved {
    if (wanted.kind !== 'same') return wanted
    const { path, field } = wanted
    const there = found.sources.get(entry.address)?.fields.get(name)
    const source = declared.get(path)
    if (source === undefined || source.external) return present(there)
    if (underWay.has(source)) return { kind: 'lost', because: 'circle' }
    const verdict = verdictOf(source)
    if (verdict.kind !== 'change' || verdict.change.action === 'mark') return present(there)
    return afterChange(source, field)
  }

  /** What the field will be once the entry is as declared. */
  function afterChange(source: DesiredEntry, name: string): Resolved {
    const field = source.fields.get(name)
    if (field?.kind === 'keep') {
      const kept = found.entries.get(source.path)?.fields.get(name)
      return kept === undefined ? { kind: 'new' } : present(kept)
    }
    if (field !== undefined) return resolve(source, name, field)
    // Not a field but all below it: `extra` of a connection.
    return [...source.fields.keys()].some((one) => one.startsWith(`${name}.`)) ? { kind: 'new' } : present(undefined)
  }

  return desired.map((one) => ({ one, verdict: verdictOf(one) }))
}

function present(fingerprint: Fingerprint | undefined): Resolved {
  return fingerprint === undefined ? { kind: 'lost', because: 'nothing' } : { kind: 'exact', fingerprint }
}

function lost(entry: DesiredEntry, name: string, field: DesiredField, because: 'circle' | 'nothing'): Verdict {
  const { kind, address } = entry
  const target = field.kind === 'same' ? `field ${field.field} of ${field.path}` : name
  const text =
    because === 'circle'
      ? `${name} is taken from ${target}, which is taken from here in the end`
      : `${name} is taken from ${target}, and Vault has no such field`
  const hint =
    because === 'circle'
      ? 'let one of them say where the value really comes from: env, file, generate or prompt'
      : 'write it there first, or correct the `vault` reference in plenum.yaml'
  return { kind: 'blocked', blocked: { kind, address, text, hint } }
}
