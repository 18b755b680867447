/** The values of a Kubernetes secret's `data`. */
import { type Sensitive, sensitive } from '../../sensitive/index.ts'
import type { Note } from '../found.ts'

export type Decoded =
  | { readonly kind: 'text'; readonly value: Sensitive<string>; readonly notes: readonly Note[] }
  | { readonly kind: 'refused'; readonly text: string; readonly hint: string }

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Line breaks within it are passed over, as Kubernetes does. */
export function base64Text(written: string): Decoded {
  const text = written.replaceAll(/[\r\n]/g, '')
  if (text.length % 4 !== 0 || !BASE64.test(text)) {
    const hint = 'encode it, or write it below stringData as it is'
    return { kind: 'refused', text: 'its value is no base64, which Kubernetes refuses below data', hint }
  }
  const clear = utf8(Buffer.from(text, 'base64'))
  if (clear === undefined) {
    const hint = 'a file of bytes belongs elsewhere; Vault holds it as the text of its base64'
    return { kind: 'refused', text: 'its base64 holds bytes that are no text', hint }
  }
  return { kind: 'text', value: sensitive(clear), notes: clear.endsWith('\n') ? [LINE_BREAK] : [] }
}

const LINE_BREAK: Note = {
  kind: 'dialect',
  text: 'what is encoded ends in a line break, which is taken too; echo without -n puts one there',
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
