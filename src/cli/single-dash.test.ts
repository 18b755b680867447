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
  // `-d` with `-e v-tls` behind it would start a server without TLS.
  [
    ['server', '-dev-tls'],
    ['server', '--dev-tls'],
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
