import { describe, expect, it } from 'vitest'
import { ExactNumber, type JsonObject, type JsonValue, RawJson } from '../json/json.ts'
import { judgeParameters, type ParameterVerdict } from './parameters.ts'
import { parsePolicy } from './parse.ts'
import { ruleText } from './rules.case.ts'

function judge(conditions: string, data: JsonObject | undefined): ParameterVerdict {
  const [rule] = parsePolicy('p', ruleText('a', ['update'], conditions)).rules
  if (rule === undefined) throw new Error('no rule')
  return judgeParameters(rule.parameters, data)
}

const allowed = (values: string, value: JsonValue) => judge(`allowed_parameters = { k = ${values} }`, { k: value })
const denied = (values: string, value: JsonValue) => judge(`denied_parameters = { k = ${values} }`, { k: value })

describe('a list value', () => {
  it('is allowed when every element is', () => {
    expect(allowed('["x", "y*"]', ['x', 'yes'])).toBe('allowed')
    expect(allowed('["x", "y*"]', 'x, yes')).toBe('allowed')
    expect(allowed('["x", "y*"]', ['x', 'z'])).toBe('parameter-denied')
    expect(allowed('["x"]', [])).toBe('parameter-denied')
    expect(allowed('["x,z"]', 'x,z')).toBe('allowed')
  })

  it('is denied when any element is', () => {
    expect(denied('["x"]', ['a', 'x'])).toBe('parameter-denied')
    expect(denied('["x"]', 'a, x')).toBe('parameter-denied')
    expect(denied('["x"]', ['a', 'b'])).toBe('allowed')
  })
})

describe('a value', () => {
  it.each<[string, JsonValue, ParameterVerdict]>([
    ['["*"]', '*', 'allowed'],
    ['["*"]', 'anything', 'parameter-denied'],
    ['["*x*"]', 'axb', 'allowed'],
    ['["x*"]', 'xa', 'allowed'],
    ['["x*"]', 'ax', 'parameter-denied'],
    ['["*x"]', 'ax', 'allowed'],
    ['["1"]', 1, 'parameter-denied'],
    ['[1]', '1', 'parameter-denied'],
    ['[1]', new ExactNumber('1.0'), 'allowed'],
    ['[1]', new ExactNumber('10e-1'), 'allowed'],
    ['[12345678901234567890]', new ExactNumber('12345678901234567890'), 'allowed'],
    ['[12345678901234567890]', new ExactNumber('12345678901234567891'), 'parameter-denied'],
    ['[0x10]', 16, 'allowed'],
    ['[{ a = { b = [1, "x"] } }]', { a: { b: [1, 'x'] } }, 'allowed'],
    ['[{ a = { b = [1, "x"] } }]', { a: { b: [1, 'x'], c: null } }, 'parameter-denied'],
    ['[{ a = 1 }]', new RawJson('{"a":1}', () => ({ a: 1 })), 'allowed'],
    ['[true]', true, 'allowed'],
    ['[true]', 'true', 'parameter-denied'],
  ])('%s against %j', (rule, value, verdict) => {
    expect(allowed(rule, value)).toBe(verdict)
  })
})

describe('a required parameter', () => {
  it('must be there under its lower-case name, whatever its value', () => {
    expect(judge('required_parameters = ["Ttl"]', { ttl: null })).toBe('allowed')
    expect(judge('required_parameters = ["Ttl"]', { Ttl: 'x' })).toBe('parameter-missing')
    expect(judge('required_parameters = ["ttl"]', undefined)).toBe('parameter-missing')
  })

  it('S55: is not found on Object.prototype', () => {
    expect(judge('required_parameters = ["tostring"]', {})).toBe('parameter-missing')
    expect(judge('required_parameters = ["constructor"]', {})).toBe('parameter-missing')
  })
})
