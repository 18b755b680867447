/**
 * Texts as YAML keys and values that every reader takes for the same text: YAML 1.1 has more words for true, false and
 * null than 1.2, and more forms of numbers.
 */

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_./-]*$/
const PLAIN_TEXT = /^[A-Za-z_][A-Za-z0-9_./@+-]*$/
const MEANING = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i

export function quotedKey(key: string): string {
  return PLAIN_KEY.test(key) && !MEANING.test(key) ? key : JSON.stringify(key)
}

export function quotedText(text: string): string {
  return PLAIN_TEXT.test(text) && !MEANING.test(text) ? text : JSON.stringify(text)
}
