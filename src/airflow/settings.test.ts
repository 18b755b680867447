import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import { backendKwargs, type SettingsOptions, secretsSettings, shellQuote } from './settings.ts'

const options: SettingsOptions = {
  airflowVersion: '3.3',
  providerVersion: '4.8',
  address: 'https://vault.example.com:8200/',
  mount: 'secret',
  connectionsPath: 'airflow/connections',
  variablesPath: 'airflow/variables',
  authMount: 'approle',
  kwargsFile: '/run/plenum/kwargs.json',
}
const credentials = { roleId: 'a-role-id', secretId: sensitive('planted-value') }
const kwargs = (more: Partial<SettingsOptions> = {}): unknown =>
  JSON.parse(backendKwargs({ ...options, ...more, ...credentials }).reveal())

describe('secretsSettings', () => {
  it('names the backend and the command that prints its kwargs', () => {
    expect(secretsSettings(options)).toEqual({
      settings: [
        { section: 'secrets', key: 'backend', value: 'airflow.providers.hashicorp.secrets.vault.VaultBackend' },
        { section: 'secrets', key: 'backend_kwargs_cmd', value: 'cat /run/plenum/kwargs.json' },
      ],
      warnings: [],
    })
  })

  it('quotes a path with anything in it', () => {
    const { settings } = secretsSettings({ ...options, kwargsFile: `/a b/it's $HOME/"q"/100%.json` })
    expect(settings[1]?.value).toBe(String.raw`cat '/a b/it'\''s $HOME/"q"/100%.json'`)
  })

  it.each([
    ['http://vault.example.com:8200', 1],
    ['http://10.0.0.1:8200', 1],
    ['http://127.0.0.1:8200', 0],
    ['http://[::1]:8200', 0],
    ['http://localhost:8200', 0],
    ['http://127.0.0.1.example.com', 1],
    ['https://vault.example.com', 0],
  ])('%s gives %i warnings about clear text', (address, count) => {
    expect(secretsSettings({ ...options, address }).warnings.filter((text) => text.includes('in clear'))).toHaveLength(
      count,
    )
  })

  it('warns of what the versions cost', () => {
    expect(secretsSettings({ ...options, airflowVersion: '3.3.1', providerVersion: '4.8.0' }).warnings).toHaveLength(1)
  })

  it.each<[keyof SettingsOptions, string]>([
    ['address', 'vault:8200'],
    ['address', 'ftp://vault'],
    ['address', 'https://user:planted-value@vault'],
    ['address', 'https://vault/?token=planted-value'],
    ['mount', ''],
    ['mount', '/secret'],
    ['mount', 'secret/'],
    ['connectionsPath', 'data/airflow/connections'],
    ['connectionsPath', 'a//b'],
    ['variablesPath', 'a/../b'],
    ['variablesPath', 'a?b'],
    ['authMount', ''],
    ['kwargsFile', 'kwargs.json'],
    ['kwargsFile', '/a\nb'],
    ['caCert', './ca.pem'],
  ])('refuses %s = %j', (option, value) => {
    const expected = expect.objectContaining({
      code: 'airflow-settings',
      option,
      message: expect.not.stringContaining('planted') as string,
    })
    expect(() => secretsSettings({ ...options, [option]: value })).toThrow(expected)
    // The text of that file does not say where it lies.
    if (option !== 'kwargsFile') expect(() => kwargs({ [option]: value })).toThrow(expected)
  })

  it('refuses versions that it cannot read', () => {
    expect(() => secretsSettings({ ...options, airflowVersion: 'latest' })).toThrow(
      expect.objectContaining({ code: 'airflow-version-unreadable' }),
    )
    expect(() => kwargs({ providerVersion: '1.0' })).toThrow(
      expect.objectContaining({ code: 'airflow-version-unsupported' }),
    )
  })
})

describe('backendKwargs', () => {
  it('holds exactly what is needed', () => {
    expect(kwargs()).toEqual({
      url: 'https://vault.example.com:8200',
      auth_type: 'approle',
      role_id: 'a-role-id',
      secret_id: 'planted-value',
      mount_point: 'secret',
      kv_engine_version: 2,
      connections_path: 'airflow/connections',
      variables_path: 'airflow/variables',
      config_path: null,
    })
  })

  it('adds what is not the default', () => {
    expect(kwargs({ authMount: 'team/approle', namespace: 'a/b', caCert: '/ca.pem' })).toMatchObject({
      auth_mount_point: 'team/approle',
      namespace: 'a/b',
      verify: '/ca.pem',
    })
    expect(kwargs({ namespace: '' })).not.toHaveProperty('namespace')
  })

  it('keeps its secret to itself, and the settings have none', () => {
    const text = inspect([backendKwargs({ ...options, ...credentials }), secretsSettings(options)], {
      depth: 9,
      showHidden: true,
    })
    expect(text).not.toMatch(/planted-value|a-role-id/)
  })

  it('refuses empty credentials', () => {
    expect(() => backendKwargs({ ...options, ...credentials, roleId: '' })).toThrow(
      expect.objectContaining({ option: 'roleId' }),
    )
    expect(() => backendKwargs({ ...options, ...credentials, secretId: sensitive('') })).toThrow(
      expect.objectContaining({ option: 'secretId' }),
    )
  })
})

it('shellQuote leaves plain words alone', () => {
  expect(shellQuote('/a/b-c_d.json')).toBe('/a/b-c_d.json')
  expect(shellQuote('')).toBe("''")
  expect(shellQuote("'")).toBe(String.raw`''\'''`)
})
