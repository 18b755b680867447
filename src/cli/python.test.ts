import { expect, it } from 'vitest'
import { pythonEnvironment } from './python.ts'

it('the Python that is asked sees the settings of this hub and nothing else', () => {
  const settings = { settings: [{ section: 'secrets', key: 'backend', value: 'X' }], warnings: [] }
  const environment = pythonEnvironment(settings, '/tmp/home', '/usr/bin')
  expect(environment).toMatchObject({ AIRFLOW__SECRETS__BACKEND: 'X', AIRFLOW_HOME: '/tmp/home', PATH: '/usr/bin' })
  expect(Object.keys(environment).filter((name) => name.startsWith('VAULT_'))).toEqual([])
})
