/**
 * `plenum import helm`: values files of Airflow's official chart, merged as Helm merges them, as what arrives in the
 * containers: `env`, `secret`, `extraEnv`, `extraEnvFrom`, `extraSecrets`, `extraConfigMaps` and the `env` of components.
 *
 * Invariants: no template is executed; one object for each name, the one that tasks get where components differ, with a
 * finding; a value that lies in a Kubernetes secret is a finding, unless the same values make that secret.
 */
import { environmentObject } from '../environment-object.ts'
import type { Finding, Found, Reading } from '../found.ts'
import type { TextFile } from '../text-files.ts'
import { readYamlFile, type YamlFile } from '../yaml-file.ts'
import { decide, type Decision } from './decide.ts'
import { givenValues } from './given.ts'
import { isNothing, mergeValues, type MergedMap, NO_VALUES, placedAt, placedMap } from './merge.ts'
import { ownSettings } from './own-settings.ts'

export function readHelm(files: readonly TextFile[]): Reading {
  const findings: Finding[] = []
  const merged = files
    .map((file) => readYamlFile(file, findings))
    .map((file) => valuesOf(file, findings))
    .reduce((earlier, later) => mergeValues(earlier, later, findings), NO_VALUES)
  const found: Found[] = []
  let settings = 0
  for (const { root, prefix } of rootsOf(merged)) {
    const own = ownSettings(root, prefix)
    settings += own.settings
    findings.push(...own.findings, ...otherChart(root, prefix))
    for (const decision of decide(givenValues(root, prefix, findings), findings)) {
      const object = objectOf(decision)
      if (object.kind === 'found') found.push(object.found)
      else if (object.kind === 'setting') settings += 1
      if (object.kind !== 'found' && object.finding !== undefined) findings.push(object.finding)
    }
  }
  return {
    source: 'helm',
    label: files.map(({ shown }) => shown).join(', '),
    facts: settings === 0 ? [] : [`${settings} settings of Airflow itself, left out`],
    found,
    findings,
  }
}

function valuesOf(file: YamlFile, findings: Finding[]): MergedMap {
  const [document, second] = file.documents
  const shape = (severity: Finding['severity'], text: string, hint: string): void => {
    findings.push({ severity, code: 'import-helm-shape', where: `${file.shown}:1:1`, id: undefined, text, hint })
  }
  if (second !== undefined)
    shape('warning', 'it has several YAML documents; only the first is read', 'put all into one')
  if (document === undefined || isNothing(document)) return NO_VALUES
  if (document.kind === 'map') return placedMap(file, document)
  shape('error', 'it is no mapping, as values are', 'is it a values file?')
  return NO_VALUES
}

interface Root {
  readonly root: MergedMap
  readonly prefix: string
}

/** A chart that has Airflow's as a part has its values below `airflow`. */
function rootsOf(root: MergedMap): Root[] {
  const part = root.entries.get('airflow')?.node
  return part?.kind === 'map'
    ? [
        { root, prefix: '' },
        { root: part, prefix: 'airflow.' },
      ]
    : [{ root, prefix: '' }]
}

/** The community's chart has connections and variables in its values; they are not of the form that is read here. */
function otherChart(root: MergedMap, prefix: string): Finding[] {
  return ['connections', 'variables'].flatMap((key): Finding[] => {
    const placed = prefix === '' ? undefined : root.entries.get(key)
    if (placed?.node.kind !== 'list' || placed.node.items.length === 0) return []
    const text = `${prefix}${key} is a value of another chart than Airflow's official one; it is not read`
    const hint = 'import it from the database of that Airflow, with airflow-db'
    return [
      { severity: 'error', code: 'import-helm-shape', where: placedAt(placed), id: `${prefix}${key}`, text, hint },
    ]
  })
}

function objectOf({ given, value, notes }: Decision): ReturnType<typeof environmentObject> {
  const { name, placed } = given
  const place = { kind: 'file', file: placed.file.path } as const
  return environmentObject(name, value, { source: 'helm', where: placedAt(placed), place }, notes)
}
