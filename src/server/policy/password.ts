/**
 * Password policies: text -> rules -> passwords (vault-api 3.3). Pure; random bytes are an argument.
 *
 * Invariant: every character is drawn without bias, and making a password is bounded work: one that is drawn at random
 * and misses a rule is thrown away a few times, then one is put together that meets them all.
 */
import { HclSyntaxError, parseSyntax, type SyntaxEntry, type SyntaxNode, type SyntaxObject } from '../hcl/index.ts'

export interface PasswordPolicy {
  readonly length: number
  readonly rules: readonly CharsetRule[]
}

interface CharsetRule {
  /** Each once, by code point. */
  readonly charset: readonly string[]
  readonly minChars: number
}

const LEAST = 4
const MOST = 100
/** Distinct characters of all rules. */
const MOST_CHARACTERS = 1000
const MOST_RULES = 100
/** In characters: whoever may ask for a password makes the server read the policy. */
const LONGEST = 64 * 1024
const DRAWS = 50

/** What is wrong with a policy, for whoever wrote it. */
export class PasswordPolicyError extends Error {
  readonly code = 'password-policy'
}

/** HCL or JSON: `length`, and blocks `rule "charset"` with `charset` and `min-chars`. @throws {PasswordPolicyError} */
export function parsePasswordPolicy(text: string): PasswordPolicy {
  if (text.length > LONGEST) refuse(`invalid password policy: longer than ${LONGEST} characters`)
  const document = readSyntax(text)
  let length: number | undefined
  const rules: CharsetRule[] = []
  for (const entry of document.entries) {
    if (entry.key === 'length') length = wholeOf(entry)
    else if (entry.key === 'rule') rules.push(...objectsOf(entry.value).flatMap(readRule))
    else refuse(`unknown key ${JSON.stringify(entry.key)}`)
  }
  if (length === undefined || length < LEAST || length > MOST)
    refuse(`passwords must be between ${LEAST} and ${MOST} characters`)
  if (rules.length === 0) refuse('invalid password policy: no charset specified')
  if (rules.length > MOST_RULES) refuse(`invalid password policy: more than ${MOST_RULES} rules`)
  const least = rules.reduce((sum, { minChars }) => sum + minChars, 0)
  if (least > length)
    refuse(`invalid password policy: specified rules require at least ${least} characters but ${length} is specified`)
  if (unionOf(rules).length > MOST_CHARACTERS)
    refuse(`invalid password policy: more than ${MOST_CHARACTERS} different characters`)
  return { length, rules }
}

/** `random` gives so many bytes. */
export function generatePassword({ length, rules }: PasswordPolicy, random: (bytes: number) => Uint8Array): string {
  const draw = drawing(random)
  const all = unionOf(rules)
  const needs = rules.map(({ charset, minChars }) => ({ charset: new Set(charset), minChars }))
  const meets = (password: readonly string[]): boolean =>
    needs.every(({ charset, minChars }) => password.filter((character) => charset.has(character)).length >= minChars)
  for (let tried = 0; tried < DRAWS; tried += 1) {
    const password = Array.from({ length }, () => draw(all))
    if (meets(password)) return password.join('')
  }
  const needed = rules.flatMap(({ charset, minChars }) => Array.from({ length: minChars }, () => draw(charset)))
  const rest = Array.from({ length: length - needed.length }, () => draw(all))
  const pool = [...needed, ...rest]
  const places = pool.map((_, index) => index)
  let password = ''
  while (places.length > 0) {
    const place = draw(places)
    places.splice(places.indexOf(place), 1)
    password += pool[place] ?? ''
  }
  return password
}

/** One of a list of at most 65,536, each as likely as the others. */
function drawing(random: (bytes: number) => Uint8Array): <T>(from: readonly T[]) => T {
  let bytes: Uint8Array = new Uint8Array(0)
  let at = 0
  const next = (): number => {
    if (at + 2 > bytes.length) {
      bytes = random(512)
      at = 0
    }
    at += 2
    return ((bytes[at - 2] ?? 0) << 8) | (bytes[at - 1] ?? 0)
  }
  return (from) => {
    const fair = 65_536 - (65_536 % from.length)
    let number = next()
    while (number >= fair) number = next()
    const [chosen] = from.slice(number % from.length, (number % from.length) + 1)
    if (chosen === undefined) throw new Error('nothing to draw from')
    return chosen
  }
}

function unionOf(rules: readonly CharsetRule[]): readonly string[] {
  return [...new Set(rules.flatMap(({ charset }) => charset))]
}

function readSyntax(text: string): SyntaxObject {
  try {
    return parseSyntax(text)
  } catch (error) {
    if (error instanceof HclSyntaxError) refuse(`unable to decode: ${error.message}`)
    throw error
  }
}

function readRule(named: SyntaxObject): CharsetRule[] {
  return named.entries.flatMap(({ key, value }) => {
    if (key !== 'charset') refuse(`invalid password policy: unrecognized rule type ${JSON.stringify(key)}`)
    return objectsOf(value).map(readCharset)
  })
}

function readCharset({ entries }: SyntaxObject): CharsetRule {
  let charset: readonly string[] = []
  let minChars = 0
  for (const entry of entries) {
    if (entry.key === 'charset') charset = [...new Set(textOf(entry))]
    else if (entry.key === 'min-chars') minChars = wholeOf(entry)
    else refuse(`invalid password policy: unknown key ${JSON.stringify(entry.key)} of a charset`)
  }
  if (charset.length === 0) refuse('invalid password policy: no charset specified')
  if (!charset.every((character) => /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)))
    refuse('invalid password policy: a charset holds what cannot be printed')
  return { charset, minChars }
}

function objectsOf(node: SyntaxNode): SyntaxObject[] {
  if (node.kind === 'list') return node.items.flatMap(objectsOf)
  return node.kind === 'object' ? [node] : refuse('invalid password policy: a rule is a block')
}

function wholeOf({ key, value }: SyntaxEntry): number {
  if (value.kind === 'number' && /^\d{1,6}$/.test(value.text)) return Number(value.text)
  return refuse(`invalid password policy: ${key} must be a whole number`)
}

function textOf({ key, value }: SyntaxEntry): string {
  return value.kind === 'string' ? value.value : refuse(`invalid password policy: ${key} must be a text`)
}

function refuse(reason: string): never {
  throw new PasswordPolicyError(reason)
}
