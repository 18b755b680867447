import { describe, expect, it } from 'vitest'
import { providerOf, versionWarnings } from './versions.ts'

describe('providerOf (airflow 1.3, 1.5)', () => {
  it.each([
    ['2.2.0', 'constructor', 4, 2],
    ['4.7.1', 'constructor', 4, 2],
    ['4.7.2', 'json', 4, 2],
    ['4.7', 'json', 4, 2],
    ['4.8.0', 'json', 4, 2],
    ['4.8.1', 'json', 2, 1],
    ['4.8', 'json', 2, 1],
    ['4.10.0', 'json', 2, 1],
    ['5.0', 'json', 2, 1],
  ])('%s: %s, %i requests, then %i', (version, generation, requestsPerLookup, requestsPerRepeat) => {
    expect(providerOf(version)).toEqual({ version, generation, requestsPerLookup, requestsPerRepeat })
  })

  it.each(['', '4', 'latest', '4.8.x', '4.8.4rc1', '-4.8'])('%j cannot be read', (version) => {
    expect(() => providerOf(version)).toThrow(expect.objectContaining({ code: 'airflow-version-unreadable' }))
  })

  it('1.0.2 is too old', () => {
    expect(() => providerOf('1.0.2')).toThrow(expect.objectContaining({ code: 'airflow-version-unsupported' }))
  })
})

describe('versionWarnings', () => {
  it.each([
    ['3.3', '4.8'],
    ['3.3.2', '4.8.4'],
    ['2.11', '4.8.4'],
    ['2.10.5', '4.3.0', /makes 4 requests/],
    ['2.11.2', '4.7.1', /makes 4 requests for the first secret of a process and 2 for each other/],
    ['3.3.1', '4.8.4', /logs in to Vault again for every secret that a task reads, 2 requests/],
    ['3.3.1', '4.8.0', /logs in to Vault again for every secret that a task reads, 4 requests/],
    ['3.0', '4.8', /logs in to Vault again/],
    ['2.10', '4.8', /needs Airflow 2.11/],
    ['2.9', '4.3', /needs Airflow 2.10/, /makes 4 requests/, /older than those/],
    ['2.11', '4.7', /makes 4 requests/, /is two kinds/],
    ['3.4', '4.9', /Airflow 3.4 is newer/, /provider 4.9 is newer/],
  ])('Airflow %s with provider %s', (airflow, provider, ...texts) => {
    const warnings = versionWarnings(airflow, provider)
    expect(warnings).toHaveLength(texts.length)
    texts.forEach((text, index) => expect(warnings[index]).toMatch(text))
  })
})
