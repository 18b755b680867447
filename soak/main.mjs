/**
 * Endurance of the embedded server. Progress goes to stderr, a report in Markdown to stdout; it ends by itself, with 1 when
 * something was lost.
 *
 *   npm run soak                             every part, at its full length (hours)
 *   npm run soak -- kill --kills=1000        one part
 *   npm run soak -- kill --seed=4711         the same moves again; the moments of the kills depend on the machine
 */
import { randomInt } from 'node:crypto'
import { clock } from './clock.mjs'
import { full } from './full.mjs'
import { kill } from './kill.mjs'
import { load } from './load.mjs'
import { moments } from './moments.mjs'
import { tokens } from './tokens.mjs'

/** In this order. */
const PARTS = { kill, moments, full, clock, load, tokens }

const args = process.argv.slice(2)
const wanted = args.filter((arg) => !arg.startsWith('--'))
const unknown = wanted.find((name) => !Object.hasOwn(PARTS, name))
if (unknown !== undefined) throw new Error(`${unknown} is no part: ${Object.keys(PARTS).join(', ')}`)
const numberOf = (name, otherwise) => {
  const given = args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
  if (given === undefined) return otherwise
  if (!/^\d+(?:\.\d+)?$/.test(given)) throw new Error(`--${name} takes a number`)
  return Number(given)
}
const tools = {
  kills: numberOf('kills', 1000),
  seed: numberOf('seed', randomInt(1e9)),
  rounds: numberOf('rounds', 20),
  minutes: numberOf('minutes', 10),
  jumps: numberOf('jumps', 2000),
  tokens: numberOf('tokens', 100_000),
  secrets: numberOf('secrets', 10_000),
  note: (text) => process.stderr.write(`${text}\n`),
  print: (text) => process.stdout.write(`${text}\n`),
}
for (const [name, part] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  tools.note(`${name}: seed ${tools.seed}`)
  await part(tools)
}
