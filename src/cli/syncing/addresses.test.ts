import { describe, expect, it } from 'vitest'
import { pathOfAddress } from './addresses.ts'

const PATHS = {
  connection: (id: string) => `airflow/connections/${id}`,
  variable: (key: string) => `airflow/variables/${key}`,
}

describe('pathOfAddress', () => {
  it.each([
    ['connection:warehouse', 'airflow/connections/warehouse'],
    ['variable:symbols', 'airflow/variables/symbols'],
    ['variable:team/key', 'airflow/variables/team/key'],
  ])('%s lies at %s', (address, path) => {
    expect(pathOfAddress(address, PATHS)).toBe(path)
  })

  it.each([
    'connection:',
    'variable:',
    'variable:../up',
    'connection:a b',
    'variable:with:colons',
    'variable:a/../b',
    'secret:a',
    'nothing',
    '',
  ])('%s lies nowhere', (address) => {
    expect(pathOfAddress(address, PATHS)).toBeUndefined()
  })
})
