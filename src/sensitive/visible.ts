/**
 * Text that came from elsewhere, for a terminal: it may not steer it. Control characters, and marks that reorder text, are
 * shown as their code points.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}
