import { expect, it } from 'vitest'
import { withDoubleDashes } from './single-dash.ts'

const read = (...words: string[]): string[] => withDoubleDashes(['node', 'plenum', ...words], new Set(['dev'])).slice(2)

it.each([
  [
    ['server', '-dev'],
    ['server', '--dev'],
  ],
  [
    ['server', '-dev=true'],
    ['server', '--dev'],
  ],
  [
    ['server', '-dev=false', '-config=x.hcl'],
    ['server', '--config=x.hcl'],
  ],
  [
    ['server', '-config', 'x.hcl'],
    ['server', '--config', 'x.hcl'],
  ],
  [
    ['server', '--config=-a=b'],
    ['server', '--config=-a=b'],
  ],
  [
    ['server', '-dev=perhaps'],
    ['server', '--dev=perhaps'],
  ],
  // `-d` with `-e v-ha` behind it would start another server than was asked for.
  [
    ['server', '-dev-ha'],
    ['server', '--dev-ha'],
  ],
  [
    ['server', '-d', '-q'],
    ['server', '-d', '-q'],
  ],
  [
    ['plan', '-qe', 'prod'],
    ['plan', '-qe', 'prod'],
  ],
])('%j', (words, expected) => {
  expect(read(...words)).toEqual(expected)
})
