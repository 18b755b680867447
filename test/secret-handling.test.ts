/**
 * How the server's sources treat secrets, read as text: where two of them are compared, and where bytes of keys become
 * text. What is allowed stands here with its reason; anything new fails until somebody has thought about it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const SOURCES = readdirSync(join(root, 'src/server'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /(?<!\.test|\.case)\.ts$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))

interface Line {
  readonly file: string
  readonly code: string
}

/** Every line of code, without comments. */
const LINES: readonly Line[] = SOURCES.flatMap((path) =>
  readFileSync(path, 'utf8')
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .split('\n')
    .map((line) => ({
      file: relative(join(root, 'src/server'), path),
      code: line.replace(/^\s*\/\/.*|\s\/\/ .*/, '').trim(),
    })),
)

const SECRET = String.raw`[\w.#?]*(?:token|secret|secretid|password|otp|share|key|hash|hmac|mac|digest|tag|accessor|nonce)`
/** Two things of which one is called like a secret; a literal on the other side tells nothing. */
const COMPARISON = new RegExp(
  String.raw`(?:\b${SECRET}(?:\(.*?\))? [!=]== (?!'|undefined\b|null\b|\d)|(?<!typeof [\w.]*) [!=]== (?:${SECRET})\b(?!\()|\.equals\(|\.compare\(|localeCompare)`,
  'i',
)

/** Folders that know no secrets: their keys and tokens are those of a syntax, ids, or encrypted names. */
const NO_SECRETS = /^(?:config|json|hcl|identity|storage)\//

/** Comparisons that may be, and why. */
const COMPARED: Readonly<Record<string, string>> = {
  'barrier/unsealed.ts: if (activeTerm(keyring).key !== this.#active.key) activeTerm(keyring).key.fill(0)':
    'whether it is the same Buffer',
  'engines/system/user-lockout.ts: if (only !== undefined && accessor !== only) continue': 'an accessor of a mount',
  "engines/system/wrapping.ts: const own = token === '' || token === clientToken": 'both came with this request',
  'http/foreign-verbs.ts: if (from >= 0 && rawPacket.subarray(from, behind).equals(start))': 'the name of a verb',
  'policy/template.ts: return (subject) => firstOf(subject.aliases, (alias) => alias.mountAccessor === accessor, read)':
    'an accessor of a mount',
  'seal/quorum.ts: const known = this.#given.filter((other) => other.length === share.length && timingSafeEqual(other, share))':
    'lengths',
  'seal/key-file.ts: const same = there.length === key.length && timingSafeEqual(there, key)': 'lengths',
  'seal/rekey.ts: if (nonce !== current.nonce)': 'tells one attempt from another, and is answered to whoever asks',
  'seal/rekey.ts: if (nonce !== pending.nonce)': 'as above',
  "seal/root-generation.ts: if (attempt?.nonce !== nonce) throw invalidRequest('no root generation in progress')":
    'as above',
  'seal/root-generation.ts: if (nonce !== current.nonce)': 'as above',
  "seal/root-generation.ts: if (bytes.length !== otp.length) throw new Error('a root token and its one-time password differ in length')":
    'lengths',
  'token/token-store.ts: if (time === undefined || key !== expiryKey(time, id)) stale.push(key)': 'a key of the store',
}

/** Bytes as text. */
const AS_TEXT = /toString\('(?:hex|base64|base64url|latin1|binary)'\)|digest\('/
/** Folders that have keys that encrypt, or shares of them, in their hands. */
const HAS_KEYS = /^(?:barrier|seal|core|engines\/system)\//
/** On how many lines, and what it is. */
const TEXTS: Readonly<Record<string, readonly [lines: number, what: string]>> = {
  'core/status.ts': [3, 'the shares of a new store, which its answer must carry; a root token for a PGP key'],
  'engines/system/rekey.ts': [3, 'the new shares, which the answer must carry; their backup, encrypted for PGP keys'],
  'seal/rekey.ts': [1, 'the backup of shares, encrypted for PGP keys'],
  'seal/root-generation.ts': [2, 'a root token under its one-time password, or for a PGP key'],
  'seal/uuid.ts': [1, 'ids'],
  'barrier/names.ts': [2, 'names of entries, encrypted'],
  'core/audit-devices.ts': [1, 'a device’s salt, stored behind the barrier: it hashes what the log shows'],
  'core/mounts.ts': [1, 'accessors of mounts'],
}

describe('secrets', () => {
  it('S27: are compared by salted hashes or in constant time, never letter by letter', () => {
    const found = LINES.filter(({ file, code }) => !NO_SECRETS.test(file) && COMPARISON.test(code))
    expect(found.map(({ file, code }) => `${file}: ${code}`).toSorted()).toEqual(Object.keys(COMPARED).toSorted())
  })

  it('S45: of the keys become text nowhere but where an answer must carry it', () => {
    const found = LINES.filter(({ file, code }) => HAS_KEYS.test(file) && AS_TEXT.test(code))
    const files = [...new Set(found.map(({ file }) => file))]
    const counted = files.map((file) => [file, found.filter((line) => line.file === file).length])
    expect(Object.fromEntries(counted)).toEqual(
      Object.fromEntries(Object.entries(TEXTS).map(([file, [lines]]) => [file, lines])),
    )
  })
})
