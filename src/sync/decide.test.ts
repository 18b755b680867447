/** Every situation and what is decided, as one table under all three rules: long, so that what is missing is seen. */
import { describe, expect, it } from 'vitest'
import { HUB, marksOf, WRITTEN_VERSION } from '../hub/index.ts'
import { CONFLICT_RULES, type ConflictRule, type Decision, decide, type RowState, type Situation } from './decide.ts'
import { type Claim, type Digest, GONE } from './record.ts'
import type { VaultObject } from './vault-object.ts'

/** Of four values. */
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64)) as [Digest, Digest, Digest, Digest]

type PresentRow = Extract<RowState, { kind: 'present' }>
const row = (digest: Digest, metadata: PresentRow['metadata'] = {}): RowState => ({ kind: 'present', digest, metadata })
const NO_ROW: RowState = { kind: 'absent' }
const UNUSABLE: RowState = { kind: 'unusable' }

const SYNCS = marksOf({ hub: 'hub', project: 'p', owner: undefined, source: 'sync' })
const IMPORTS = marksOf({ hub: 'hub', project: 'p', owner: undefined, source: 'import' })
const OTHERS = marksOf({ hub: 'other', project: 'p', owner: undefined, source: 'sync' })
const ABSENT: VaultObject = { kind: 'absent' }

interface ObjectParts {
  readonly version?: number
  readonly isDeleted?: boolean
  readonly custom?: Readonly<Record<string, string>>
  /** Version and digest. */
  readonly synced?: readonly [version: number, digest: Digest]
  readonly claims?: readonly (readonly [version: number, digest: Digest])[]
}

function object({ version = 3, isDeleted = false, custom = SYNCS, synced, claims = [] }: ObjectParts): VaultObject {
  const claim = ([of, digest]: readonly [number, Digest]): Claim => ({ version: of, digest })
  const record = { synced: synced === undefined ? undefined : claim(synced), claims: claims.map(claim) }
  return { kind: 'present', version, isDeleted, custom, record }
}

interface Case {
  readonly name: string
  readonly row: RowState
  readonly object: VaultObject
  readonly declared?: boolean
  readonly looked?: readonly (readonly [version: number, digest: Digest | undefined])[]
}

function situation({ row, object, declared = false, looked = [] }: Case, rule: ConflictRule = 'report'): Situation {
  return { row, object, isDeclaredElsewhere: declared, hub: 'hub', rule, looked: new Map(looked) }
}

/** The same under each rule. */
describe('without a conflict', () => {
  const NOTHING: Decision = { kind: 'nothing' }
  const look = (version: number): Decision => ({ kind: 'look', version })
  const write = (over: number): Decision => ({ kind: 'write', over, conflict: undefined })
  const record = (version: number, digest: Digest): Decision => ({
    kind: 'record',
    version,
    digest,
    conflict: undefined,
  })
  const inStep = object({ synced: [3, A] })

  it.each<Case & { readonly gives: Decision }>([
    // Nowhere yet.
    { name: 'a row that Vault does not have', row: row(A), object: ABSENT, gives: { kind: 'create' } },
    { name: 'metadata of ours without data', row: row(A), object: object({ version: 0 }), gives: { kind: 'create' } },
    {
      name: 'metadata without data or marks',
      row: row(A),
      object: object({ version: 0, custom: {} }),
      gives: { kind: 'create' },
    },
    { name: 'nothing on either side', row: NO_ROW, object: ABSENT, gives: NOTHING },
    { name: 'metadata without data and no row', row: NO_ROW, object: object({ version: 0 }), gives: NOTHING },
    {
      name: 'a creation that was cut off after its claim',
      row: row(B),
      object: object({ version: 0, claims: [[1, A]] }),
      gives: { kind: 'create' },
    },

    // Followed, and only Airflow moves.
    { name: 'in step', row: row(A), object: inStep, gives: NOTHING },
    {
      name: 'in step, with the claim that led there: not looked at again',
      row: row(A),
      object: object({ synced: [3, A], claims: [[3, A]] }),
      gives: NOTHING,
    },
    { name: 'a new row over the version that was synced', row: row(B), object: inStep, gives: write(3) },
    {
      name: 'back to an older value of the row',
      row: row(A),
      object: object({ version: 4, synced: [4, B], claims: [[3, A]] }),
      gives: write(4),
    },
    {
      name: 'a row that went',
      row: NO_ROW,
      object: inStep,
      gives: { kind: 'delete', version: 3, conflict: undefined },
    },
    {
      name: 'a row that came back after our deletion, with the same value',
      row: row(A),
      object: object({ isDeleted: true, synced: [3, GONE], claims: [[3, GONE]] }),
      gives: write(3),
    },
    {
      name: 'a row that came back after our deletion, whose settling was cut off',
      row: row(A),
      object: object({ isDeleted: true, synced: [3, A], claims: [[3, GONE]] }),
      gives: write(3),
    },
    {
      name: 'gone, deleted and settled',
      row: NO_ROW,
      object: object({ isDeleted: true, synced: [3, GONE] }),
      gives: NOTHING,
    },
    {
      name: 'gone, deleted, and since then written and deleted by somebody in Vault',
      row: NO_ROW,
      object: object({ version: 4, isDeleted: true, synced: [3, GONE] }),
      gives: record(4, GONE),
    },

    // Cut off between claim, data and settling.
    {
      name: 'a claim of a version that was never written',
      row: row(B),
      object: object({ synced: [3, A], claims: [[4, B]] }),
      gives: write(3),
    },
    {
      name: 'the newest version is claimed: its value has to tell whose it is',
      row: row(B),
      object: object({ version: 4, synced: [3, A], claims: [[4, B]] }),
      gives: look(4),
    },
    {
      name: 'a claimed version with the claimed value is ours',
      row: row(B),
      object: object({ version: 4, synced: [3, A], claims: [[4, B]] }),
      looked: [[4, B]],
      gives: record(4, B),
    },
    {
      name: 'a claimed version of ours, and the row is newer still',
      row: row(C),
      object: object({ version: 4, synced: [3, A], claims: [[4, B]] }),
      looked: [[4, B]],
      gives: write(4),
    },
    {
      name: 'of two claims of one version its value is one',
      row: row(D),
      object: object({
        version: 4,
        synced: [3, A],
        claims: [
          [4, B],
          [4, C],
        ],
      }),
      looked: [[4, C]],
      gives: write(4),
    },
    {
      name: 'the first version, claimed and written, never settled',
      row: row(A),
      object: object({ version: 1, claims: [[1, A]] }),
      looked: [[1, A]],
      gives: record(1, A),
    },
    {
      name: 'a claimed version of ours, and the row went',
      row: NO_ROW,
      object: object({ version: 4, synced: [3, A], claims: [[4, B]] }),
      looked: [[4, B]],
      gives: { kind: 'delete', version: 4, conflict: undefined },
    },
    {
      name: 'a deletion that was claimed and not made',
      row: NO_ROW,
      object: object({ synced: [3, A], claims: [[3, GONE]] }),
      gives: { kind: 'delete', version: 3, conflict: undefined },
    },
    {
      name: 'a deletion that was claimed and not made, and the row is back',
      row: row(B),
      object: object({ synced: [3, A], claims: [[3, GONE]] }),
      gives: write(3),
    },
    {
      name: 'a deletion that was made and not settled',
      row: NO_ROW,
      object: object({ isDeleted: true, synced: [3, A], claims: [[3, GONE]] }),
      gives: record(3, GONE),
    },

    // Vault moves alone.
    {
      name: 'a version that is nobody’s yet is looked at',
      row: row(A),
      object: object({ version: 4, synced: [3, A] }),
      gives: look(4),
    },
    {
      name: 'changed in Vault alone',
      row: row(A),
      object: object({ version: 4, synced: [3, A] }),
      looked: [[4, B]],
      gives: { kind: 'leave', why: 'vault-ahead' },
    },
    {
      name: 'changed in Vault alone, to what cannot be read any more',
      row: row(A),
      object: object({ version: 4, synced: [3, A] }),
      looked: [[4, undefined]],
      gives: { kind: 'leave', why: 'vault-ahead' },
    },
    {
      name: 'written again in Vault with the value of the row',
      row: row(A),
      object: object({ version: 4, synced: [3, A] }),
      looked: [[4, A]],
      gives: record(4, A),
    },
    {
      name: 'both sides were given the same new value',
      row: row(B),
      object: object({ version: 4, synced: [3, A] }),
      looked: [[4, B]],
      gives: record(4, B),
    },
    {
      name: 'deleted in Vault alone',
      row: row(A),
      object: object({ isDeleted: true, synced: [3, A] }),
      gives: { kind: 'leave', why: 'deleted-in-vault' },
    },
    {
      name: 'deleted in Vault, then deleted in Airflow',
      row: NO_ROW,
      object: object({ isDeleted: true, synced: [3, A] }),
      gives: record(3, GONE),
    },
    {
      name: 'brought back in Vault after our deletion',
      row: NO_ROW,
      object: object({ synced: [3, GONE] }),
      gives: { kind: 'leave', why: 'vault-ahead' },
    },
    {
      name: 'brought back in Vault after our deletion, as a new version',
      row: NO_ROW,
      object: object({ version: 4, synced: [3, GONE] }),
      gives: { kind: 'leave', why: 'vault-ahead' },
    },

    // Vault had it before sync.
    {
      name: 'an imported version is looked at: it is what both sides were',
      row: row(B),
      object: object({ custom: { ...IMPORTS, [WRITTEN_VERSION]: '3' } }),
      gives: look(3),
    },
    {
      name: 'imported, and nothing happened since',
      row: row(A),
      object: object({ custom: { ...IMPORTS, [WRITTEN_VERSION]: '3' } }),
      looked: [[3, A]],
      gives: record(3, A),
    },
    {
      name: 'imported, and edited in Airflow since',
      row: row(B),
      object: object({ custom: { ...IMPORTS, [WRITTEN_VERSION]: '3' } }),
      looked: [[3, A]],
      gives: write(3),
    },
    {
      name: 'imported, and changed in Vault alone since',
      row: row(A),
      object: object({ version: 4, custom: { ...IMPORTS, [WRITTEN_VERSION]: '3' } }),
      looked: [
        [3, A],
        [4, B],
      ],
      gives: { kind: 'leave', why: 'vault-ahead' },
    },
    {
      name: 'imported, never followed, and no row',
      row: NO_ROW,
      object: object({ custom: { ...IMPORTS, [WRITTEN_VERSION]: '3' } }),
      gives: NOTHING,
    },
    {
      name: 'imported, followed, and the row went',
      row: NO_ROW,
      object: object({ custom: IMPORTS, synced: [3, A] }),
      gives: { kind: 'leave', why: 'kept' },
    },
    {
      name: 'a claim alone is enough to have been followed',
      row: NO_ROW,
      object: object({ custom: IMPORTS, claims: [[3, A]] }),
      gives: { kind: 'leave', why: 'kept' },
    },
    {
      name: 'not from an import or sync, followed, and the row went',
      row: NO_ROW,
      object: object({ custom: {}, synced: [3, A] }),
      gives: { kind: 'leave', why: 'kept' },
    },
    {
      name: 'without any mark, and the same as the row',
      row: row(A),
      object: object({ custom: {} }),
      looked: [[3, A]],
      gives: record(3, A),
    },
    { name: 'without any mark: looked at first', row: row(A), object: object({ custom: {} }), gives: look(3) },

    // Nobody's business of sync.
    { name: 'an unusable row', row: UNUSABLE, object: object({ synced: [3, A] }), gives: NOTHING },
    { name: 'an unusable row that Vault does not have', row: UNUSABLE, object: ABSENT, gives: NOTHING },
    { name: 'an unusable row that is declared', row: UNUSABLE, object: ABSENT, declared: true, gives: NOTHING },
    {
      name: 'declared in plenum.yaml',
      row: row(B),
      object: object({ synced: [3, A] }),
      declared: true,
      gives: { kind: 'leave', why: 'declared' },
    },
    {
      name: 'declared, and not in Vault yet',
      row: row(B),
      object: ABSENT,
      declared: true,
      gives: { kind: 'leave', why: 'declared' },
    },
    { name: 'declared, and the row went', row: NO_ROW, object: inStep, declared: true, gives: NOTHING },
    {
      name: "another hub's, even when it looks like ours otherwise",
      row: row(B),
      object: object({ custom: OTHERS, synced: [3, A] }),
      gives: { kind: 'leave', why: 'other-hub' },
    },
    {
      name: "another hub's metadata without data",
      row: row(B),
      object: object({ version: 0, custom: OTHERS }),
      gives: { kind: 'leave', why: 'other-hub' },
    },
    {
      name: "another hub's, and the row went",
      row: NO_ROW,
      object: object({ custom: OTHERS, synced: [3, A] }),
      gives: NOTHING,
    },

    // Description and team.
    {
      name: 'another description',
      row: row(A, { description: 'new' }),
      object: object({ custom: { ...SYNCS, description: 'old' }, synced: [3, A] }),
      gives: { kind: 'describe' },
    },
    {
      name: 'no description any more',
      row: row(A),
      object: object({ custom: { ...SYNCS, description: 'old' }, synced: [3, A] }),
      gives: { kind: 'describe' },
    },
    {
      name: 'another team',
      row: row(A, { team: 'trading' }),
      object: object({ synced: [3, A] }),
      gives: { kind: 'describe' },
    },
    {
      name: 'the same description and team',
      row: row(A, { description: 'd', team: 't' }),
      object: object({ custom: { ...SYNCS, description: 'd', team: 't', other: 'x' }, synced: [3, A] }),
      gives: NOTHING,
    },
    {
      name: 'an object without marks is not described',
      row: row(A, { description: 'd' }),
      object: object({ custom: {}, synced: [3, A] }),
      gives: NOTHING,
    },
  ])('$name', ({ gives, ...given }) => {
    expect(CONFLICT_RULES.map((rule) => decide(situation(given, rule)))).toEqual(CONFLICT_RULES.map(() => gives))
  })
})

describe('a conflict', () => {
  type Three = Readonly<Record<ConflictRule, Decision>>
  type What = Extract<Decision, { kind: 'conflict' }>['what']

  const withRow = (what: What, over: number, digest: Digest): Three => ({
    report: { kind: 'conflict', what },
    'airflow-wins': { kind: 'write', over, conflict: what },
    'vault-wins': { kind: 'record', digest, version: over, conflict: what },
  })
  const withoutRow = (version: number): Three => ({
    report: { kind: 'conflict', what: 'deleted-in-airflow' },
    'airflow-wins': { kind: 'delete', version, conflict: 'deleted-in-airflow' },
    'vault-wins': { kind: 'record', digest: GONE, version, conflict: 'deleted-in-airflow' },
  })

  it.each<Case & { readonly gives: Three }>([
    {
      name: 'both changed',
      row: row(B),
      object: object({ version: 4, synced: [3, A] }),
      looked: [[4, C]],
      gives: withRow('both-changed', 4, B),
    },
    {
      name: 'both changed, and what Vault has cannot be read',
      row: row(B),
      object: object({ version: 4, synced: [3, A] }),
      looked: [[4, undefined]],
      gives: withRow('both-changed', 4, B),
    },
    {
      name: 'a claimed version holds what somebody else wrote',
      row: row(B),
      object: object({ version: 4, synced: [3, A], claims: [[4, B]] }),
      looked: [[4, C]],
      gives: withRow('both-changed', 4, B),
    },
    {
      name: 'the row came back and Vault was brought back, with two values',
      row: row(B),
      object: object({ version: 4, synced: [3, GONE] }),
      looked: [[4, C]],
      gives: withRow('both-changed', 4, B),
    },
    {
      name: 'imported, and changed on both sides since',
      row: row(B),
      object: object({ version: 4, custom: { ...IMPORTS, [WRITTEN_VERSION]: '3' } }),
      looked: [
        [3, A],
        [4, C],
      ],
      gives: withRow('both-changed', 4, B),
    },
    {
      name: 'never in step: no record and no mark',
      row: row(A),
      object: object({ custom: {} }),
      looked: [[3, B]],
      gives: withRow('never-in-step', 3, A),
    },
    {
      name: 'never in step: the imported version cannot be read any more',
      row: row(A),
      object: object({ version: 4, custom: { ...IMPORTS, [WRITTEN_VERSION]: '3' } }),
      looked: [
        [3, undefined],
        [4, B],
      ],
      gives: withRow('never-in-step', 4, A),
    },
    {
      name: 'never in step: a version that another hub wrote before is no base',
      row: row(A),
      object: object({ custom: { [HUB]: 'other', [WRITTEN_VERSION]: '3' } }),
      looked: [[3, B]],
      gives: withRow('never-in-step', 3, A),
    },
    {
      name: 'never in step: the first version is claimed and is not what was claimed',
      row: row(A),
      object: object({ version: 1, claims: [[1, A]] }),
      looked: [[1, B]],
      gives: withRow('never-in-step', 1, A),
    },
    {
      name: 'changed in Airflow, deleted in Vault',
      row: row(B),
      object: object({ isDeleted: true, synced: [3, A] }),
      gives: withRow('deleted-in-vault', 3, B),
    },
    {
      name: 'a row, and in Vault only what was deleted before sync',
      row: row(A),
      object: object({ isDeleted: true, custom: {} }),
      gives: withRow('deleted-in-vault', 3, A),
    },
    {
      name: 'our deletion, then written and deleted again by somebody in Vault',
      row: row(A),
      object: object({ version: 4, isDeleted: true, synced: [3, GONE] }),
      gives: withRow('deleted-in-vault', 4, A),
    },
    {
      name: 'a version of ours that was never settled, deleted in Vault: not looked at, it cannot be read',
      row: row(B),
      object: object({ version: 4, isDeleted: true, synced: [3, A], claims: [[4, B]] }),
      gives: withRow('deleted-in-vault', 4, B),
    },
    {
      name: 'a deletion that a rule decided, claimed and not made',
      row: NO_ROW,
      object: object({ version: 4, synced: [3, A], claims: [[4, GONE]] }),
      gives: withoutRow(4),
    },
    {
      name: 'changed in Vault, deleted in Airflow',
      row: NO_ROW,
      object: object({ version: 4, synced: [3, A] }),
      gives: withoutRow(4),
    },
    {
      name: 'a claimed version holds what somebody else wrote, and the row went',
      row: NO_ROW,
      object: object({ version: 4, synced: [3, A], claims: [[4, B]] }),
      looked: [[4, C]],
      gives: withoutRow(4),
    },
    {
      name: 'only a claim, whose version somebody else wrote, and the row went',
      row: NO_ROW,
      object: object({ version: 1, claims: [[1, A]] }),
      looked: [[1, B]],
      gives: withoutRow(1),
    },
  ])('$name', ({ gives, ...given }) => {
    const decided = Object.fromEntries(CONFLICT_RULES.map((rule) => [rule, decide(situation(given, rule))]))
    expect(decided).toEqual(gives)
  })

  /** What `vault-wins` recorded must not come up again. */
  it('is settled once Vault has won', () => {
    const won = object({ version: 4, synced: [4, B] })
    expect(decide(situation({ name: '', row: row(B), object: won }))).toEqual({ kind: 'nothing' })
    const gone = object({ version: 4, synced: [4, GONE] })
    expect(decide(situation({ name: '', row: NO_ROW, object: gone }))).toEqual({ kind: 'leave', why: 'vault-ahead' })
    const deleted = object({ isDeleted: true, synced: [3, B] })
    const left: Decision = { kind: 'leave', why: 'deleted-in-vault' }
    expect(decide(situation({ name: '', row: row(B), object: deleted }))).toEqual(left)
  })
})
