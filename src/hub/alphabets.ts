/** Characters that a `generate` reference draws from. */

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'
const ALPHANUMERIC = `${LOWER.toUpperCase()}${LOWER}${DIGITS}`

/** Every visible ASCII character, `!` to `~`. */
const PRINTABLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('')

type AlphabetName = 'alphanumeric' | 'hex' | 'base64url' | 'printable'

const ALPHABETS: Readonly<Record<AlphabetName, string>> = {
  alphanumeric: ALPHANUMERIC,
  hex: `${DIGITS}abcdef`,
  base64url: `${ALPHANUMERIC}-_`,
  printable: PRINTABLE,
}

/** An alphabet of its own has at least so many different characters. */
export const FEWEST_CHARACTERS: number = 10

/** The characters, each once; undefined when the text is neither a name nor an alphabet of enough visible ASCII. */
export function alphabetOf(text: string): string | undefined {
  if (Object.hasOwn(ALPHABETS, text)) return ALPHABETS[text as AlphabetName]
  const characters = [...new Set(text)].join('')
  return characters.length >= FEWEST_CHARACTERS && /^[!-~]+$/.test(characters) ? characters : undefined
}
