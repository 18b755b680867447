import { describe, expect, it } from 'vitest'
import { ImportError } from './found.ts'
import { parseProjectMap } from './project-map.ts'

function parsed(name: string, text: string | Buffer): string[] {
  const file = { shown: name, path: `/hub/${name}`, bytes: Buffer.from(text) }
  return parseProjectMap(file).map(({ pattern, project }) => `${pattern} ${project}`)
}

function refusal(name: string, text: string | Buffer): string {
  try {
    return parsed(name, text).join()
  } catch (error) {
    if (error instanceof ImportError && error.code === 'import-project-map') return error.message
    throw error
  }
}

describe('parseProjectMap', () => {
  it('reads YAML', () => {
    const text = '# ours\ntrading_*: trading\n"variable:x": research  # theirs\n007: "1e3"\n'
    expect(parsed('map.yaml', text)).toEqual(['trading_* trading', 'variable:x research', '007 1e3'])
  })

  it('reads JSON', () => {
    expect(parsed('map.json', '{ "trading_*": "trading", "x": "y" }')).toEqual(['trading_* trading', 'x y'])
  })

  it('reads CSV, with or without a head', () => {
    const text = '\uFEFFID,Project\r\ntrading_*,trading\r\n\r\n# theirs\r\n"variable:x" , research\r\n'
    expect(parsed('map.csv', text)).toEqual(['trading_* trading', 'variable:x research'])
    expect(parsed('map.csv', 'x,y')).toEqual(['x y'])
  })

  it.each([
    ['trading_*,trading\nvariable:x,research\n', ['trading_* trading', 'variable:x research']],
    ['trading_*: trading\n', ['trading_* trading']],
    ['{"a": "b",\n"c": "d"}', ['a b', 'c d']],
    ['', []],
  ])('tells by the content what a file of another name is: %j', (text, expected) => {
    expect(parsed('map', text)).toEqual(expected)
  })

  it.each([
    ['map.yaml', 'a: b\n  c: d\n', 'map.yaml:1: this is not YAML that can be read'],
    ['map.yaml', 'a: b: c\n', 'map.yaml:1: this is not YAML that can be read'],
    ['map.yaml', '- a\n', 'map.yaml:1: expected a mapping of ids or patterns to projects'],
    ['map.yaml', 'x: y\na: [b]\n', 'map.yaml:2: "a" needs the name of one project'],
    ['map.yaml', 'a:\n', 'map.yaml:1: "a" needs the name of one project'],
    ['map.yaml', 'a: &x b\nc: *x\n', 'map.yaml:2: "c" needs the name of one project'],
    ['map.yaml', '[a]: b\n', 'map.yaml:1: an id or a pattern is a plain text'],
    ['map.yaml', 'a: B\n', 'map.yaml:1: "B" cannot be the name of a project'],
    ['map.yaml', 'a: b\n\na: c\n', 'map.yaml:3: "a" stands in line 1 too'],
    ['map.csv', 'a,b\nc\n', 'map.csv:2: a line has an id or pattern, a comma and a project'],
    ['map.csv', 'a,b,c\n', 'map.csv:1: a line has an id or pattern, a comma and a project'],
    ['map.csv', ',b\n', 'map.csv:1: an id or a pattern is missing'],
    ['map.csv', 'a,\n', 'map.csv:1: "" cannot be the name of a project'],
    ['map.csv', Buffer.from([0x61, 0x2c, 0x62, 0x0a, 0xff]), 'map.csv:2: this line is not UTF-8'],
  ])('refuses %s %j', (name, text, message) => {
    expect(refusal(name, text)).toBe(message)
  })

  it('does not multiply aliases', () => {
    const bomb = `a: &a [x]\n${Array.from({ length: 9 }, (_, index) => `b${index}: &b${index} [*a, *a, *a]`).join('\n')}\n`
    expect(refusal('map.yaml', bomb)).toContain('needs the name of one project')
  })
})
