/**
 * The real VaultBackend, asked the same look-ups: the Python program that asks, and what its answer means. Starting a
 * Python belongs to whoever uses this.
 *
 * Invariant: no value leaves the Python process. It answers with digests under a key that it was given on its standard
 * input, and with names of exception classes, never with their text.
 *
 * The backend is built from Airflow's own configuration, so the settings, the command that reads the kwargs file and the
 * login are tried too.
 */
import type { FingerprintKey } from '../sensitive/index.ts'
import { differingFields } from './digest.ts'
import type { Lookup, LookupFinding } from './findings.ts'

export type RealOutcome =
  | { readonly kind: 'found'; readonly digests: Readonly<Record<string, string>> }
  | { readonly kind: 'missing' }
  /** The class of the exception that Airflow would log before it says "isn't defined". */
  | { readonly kind: 'raised'; readonly error: string }

export type RealAnswer =
  | {
      readonly kind: 'answers'
      readonly airflow: string
      readonly provider: string
      readonly outcomes: ReadonlyMap<string, RealOutcome>
    }
  /** The backend could not be built at all. */
  | { readonly kind: 'broken'; readonly reason: string }

export interface RealFinding extends Lookup {
  /** `undefined`: the real backend gets the same. */
  readonly difference: string | undefined
}

/** What goes to the program's standard input. It holds the key: never a file, never an argument. */
export function realBackendInput(lookups: readonly Lookup[], key: FingerprintKey): string {
  return JSON.stringify({ key: key.reveal().toString('hex'), lookups: lookups.map(({ kind, id }) => ({ kind, id })) })
}

/** Airflow prints to stdout as it likes; only lines with the mark are ours. */
const MARK = 'plenum-answer:'

export function parseRealAnswer(stdout: string): RealAnswer {
  let versions: { readonly airflow: string; readonly provider: string } | undefined
  const outcomes = new Map<string, RealOutcome>()
  for (const line of stdout.split('\n')) {
    const record = line.startsWith(MARK) ? parseRecord(line.slice(MARK.length)) : undefined
    if (record === undefined) continue
    if (record['kind'] === 'broken') return { kind: 'broken', reason: String(record['reason']) }
    if (record['kind'] === 'versions')
      versions = { airflow: String(record['airflow']), provider: String(record['provider']) }
    const outcome = outcomeOf(record)
    if (outcome !== undefined) outcomes.set(keyOf({ kind: String(record['kind']), id: String(record['id']) }), outcome)
  }
  return versions === undefined
    ? { kind: 'broken', reason: 'it ended without an answer' }
    : { kind: 'answers', ...versions, outcomes }
}

/** The declared look-ups beside what the real backend got. Pure. */
export function compareReal(
  lookups: readonly LookupFinding[],
  outcomes: ReadonlyMap<string, RealOutcome>,
): RealFinding[] {
  return lookups.map(({ outcome, ...lookup }) => ({
    ...lookup,
    difference: differenceOf(outcome, outcomes.get(keyOf(lookup))),
  }))
}

function differenceOf(ours: LookupFinding['outcome'], real: RealOutcome | undefined): string | undefined {
  if (real === undefined) return 'it gave no answer'
  if (ours.kind !== 'resolved') return real.kind === 'found' ? 'it gets a value all the same' : undefined
  if (real.kind === 'missing') return 'it gets nothing'
  if (real.kind === 'raised') return `it raises ${real.error}`
  const different = differingFields(ours.digests, real.digests)
  return different.length === 0 ? undefined : `it gets another ${different.join(', ')}`
}

function outcomeOf(record: Readonly<Record<string, unknown>>): RealOutcome | undefined {
  if (record['kind'] !== 'connection' && record['kind'] !== 'variable') return undefined
  const { error, digests } = record
  if (typeof error === 'string') return { kind: 'raised', error }
  if (typeof digests !== 'object' || digests === null) return { kind: 'missing' }
  return {
    kind: 'found',
    digests: Object.fromEntries(Object.entries(digests).map(([field, digest]) => [field, String(digest)])),
  }
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function keyOf({ kind, id }: { readonly kind: string; readonly id: string }): string {
  return `${kind}:${id}`
}

/**
 * Digests as `sensitive/fingerprint.ts` makes them: HMAC-SHA-256 of JSON text with keys in code-unit order and numbers
 * as ECMAScript writes them.
 */
export const REAL_BACKEND_PROGRAM: string = String.raw`
import hashlib, hmac, json, re, sys
from decimal import Decimal
from importlib.metadata import version

def say(**line):
    sys.__stdout__.write("\n${MARK}" + json.dumps(line) + "\n")
    sys.__stdout__.flush()

def number(value):
    if isinstance(value, int) and abs(value) <= 2**53:
        return str(value)
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    text = "".join(map(str, digits))
    if text == "0":
        return "0"
    point = len(text) + exponent
    if 0 < point <= 21:
        body = text.ljust(point, "0") if exponent >= 0 else text[:point] + "." + text[point:]
    elif -6 < point <= 0:
        body = "0." + "0" * -point + text
    else:
        mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
        body = mantissa + ("e+" if point > 0 else "e-") + str(abs(point - 1))
    return ("-" if sign else "") + body

def string(value):
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda found: "\\u%04x" % ord(found.group()), text)

def canonical(value):
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(string(key) + ":" + canonical(value[key]) for key in keys) + "}"

def main():
    order = json.load(sys.stdin)
    key = bytes.fromhex(order["key"])

    def digest(value):
        return hmac.new(key, canonical(value).encode("utf-8"), hashlib.sha256).hexdigest()

    try:
        from airflow.configuration import conf
        backend = conf.getimport(section="secrets", key="backend")(**json.loads(conf.get("secrets", "backend_kwargs")))
        say(kind="versions", airflow=version("apache-airflow"), provider=version("apache-airflow-providers-hashicorp"))
    except ImportError as error:
        say(kind="broken", reason=str(error))
        return
    except Exception as error:
        say(kind="broken", reason=type(error).__name__)
        return

    def connection(name):
        found = backend.get_connection(conn_id=name)
        if found is None:
            return None
        fields = {field: getattr(found, field) for field in ("conn_type", "description", "host", "login", "password", "schema", "port")}
        fields["extra"] = json.loads(found.extra) if found.extra else None
        return {field: digest(value) for field, value in fields.items() if value not in (None, "", {})}

    def variable(name):
        found = backend.get_variable(key=name)
        return None if found is None else {"value": digest(found)}

    for lookup in order["lookups"]:
        kind, name = lookup["kind"], lookup["id"]
        try:
            digests = connection(name) if kind == "connection" else variable(name)
            say(kind=kind, id=name, digests=digests)
        except Exception as error:
            say(kind=kind, id=name, error=type(error).__name__)

main()
`
