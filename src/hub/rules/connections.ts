/** Connections: that there is a type, that external ones have nothing of their own. */
import { normalizeConnType } from '../../airflow/index.ts'
import { EXTERNAL_WITH_FIELDS } from '../explain.ts'
import { isMisspelt } from '../explain-keys.ts'
import { KNOWN_KEYS } from '../schema.ts'
import { valueAt } from '../value.ts'
import type { RuleContext } from './rule.ts'

export function checkConnections({ draft, document, findings }: RuleContext): void {
  for (const { entry, path, fields } of draft.entries) {
    if (entry.kind !== 'connection') continue
    // Asked of the file, not of the draft: a field of the wrong kind has its own message.
    const has = (key: string): boolean => document.has([...path, key])
    if (entry.external) {
      if (KNOWN_KEYS.connection.some((key) => key !== 'external' && has(key)))
        findings.error({ path, on: 'key' }, EXTERNAL_WITH_FIELDS)
      continue
    }
    if (
      !has('conn_type') &&
      !has('external') &&
      !isMisspelt('conn_type', 'connection', valueAt(document.plain ?? null, path))
    ) {
      const hint = 'for example  conn_type: http   (generic, when no type fits)'
      findings.error({ path, on: 'key' }, { code: 'hub-missing-key', text: 'conn_type is missing', hint })
    }
    const type = fields.find(({ name }) => name === 'conn_type')
    if (type !== undefined) checkType(type.path, type.literal)
  }

  function checkType(path: readonly (string | number)[], written: unknown): void {
    if (typeof written !== 'string' || normalizeConnType(written) === written) return
    const text = 'Airflow knows this connection type under another name'
    findings.warning(
      { path, on: 'value' },
      { code: 'hub-conn-type', text, hint: `${normalizeConnType(written)} is stored; write that` },
    )
  }
}
