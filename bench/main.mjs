/**
 * Measurements, side by side: what counts is the ratios of one run. Prints Markdown tables and changes no file.
 * `npm run bench -- --quick` takes a fifth of the time; names of parts choose (`npm run bench -- import`).
 */
import { bulk } from './bulk.mjs'
import { importing } from './import.mjs'
import { syncing } from './sync.mjs'
import { serving } from './serving.mjs'
import { testing } from './testing.mjs'

/** In this order. */
const PARTS = { serving, bulk, import: importing, sync: syncing, testing }

const args = process.argv.slice(2)
const wanted = args.filter((arg) => !arg.startsWith('--'))
const unknown = wanted.find((name) => !Object.hasOwn(PARTS, name))
if (unknown !== undefined) throw new Error(`${unknown} is no part: ${Object.keys(PARTS).join(', ')}`)
const tools = {
  quick: args.includes('--quick'),
  /** `--objects=2000`: how many of each kind the import brings. */
  objects: Number(args.find((arg) => arg.startsWith('--objects='))?.slice('--objects='.length)) || undefined,
  note: (text) => process.stderr.write(`${text}\n`),
  print: (text) => process.stdout.write(`${text}\n`),
}
for (const [name, measure] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure(tools)
}
