import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkConnectionId, checkVariableKey, connectionEnvName, variableEnvName } from './ids.ts'

describe('ids', () => {
  it('may be any of the safe characters, up to 200', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_.-]{1,200}$/), (id) => {
        const dots = id === '.' || id === '..'
        expect(checkConnectionId(id)?.severity).toBe(dots ? 'error' : undefined)
        expect(checkVariableKey(id)?.severity).toBe(dots ? 'error' : undefined)
      }),
    )
  })

  it.each(['', '.', '..', 'a b', 'é', 'a%2Fb', '..%2Fx', 'a\\b', 'a#b', 'a?b', 'a\n', '😀', 'x'.repeat(201)])(
    '%j is an error',
    (id) => {
      expect(checkConnectionId(id)?.severity).toBe('error')
      expect(checkVariableKey(id)?.severity).toBe('error')
    },
  )

  it.each(['a/b', 'a/../b', '/a', '../variables/x'])('%j is an error for a connection', (id) => {
    expect(checkConnectionId(id)).toMatchObject({
      severity: 'error',
      text: expect.stringContaining('may not hold "/"') as string,
    })
  })

  it('a "/" in a variable key is a warning that says what breaks', () => {
    expect(checkVariableKey('project_trading/api_key')).toEqual({
      severity: 'warning',
      text: expect.stringMatching(
        /environment variable.*\{\{ var\.value\.project_trading\/api_key \}\} is a division.*another team/,
      ) as string,
      hint: expect.stringContaining('project_trading_api_key') as string,
    })
  })

  it.each(['a/../b', './a', 'a/.', '/a', 'a/', 'a//b', 'a/b c', `a/${'x'.repeat(200)}`])(
    '%j is an error for a variable',
    (key) => {
      expect(checkVariableKey(key)?.severity).toBe('error')
    },
  )
})

it('names environment variables in upper case', () => {
  expect(connectionEnvName('my.db-1')).toBe('AIRFLOW_CONN_MY.DB-1')
  expect(variableEnvName('report_url')).toBe('AIRFLOW_VAR_REPORT_URL')
})
