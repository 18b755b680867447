/**
 * The mount and the three folders below it.
 *
 * The commonest mistakes are the mount inside of a path and `data/` in either (airflow 6): writes then go to one place
 * and Airflow reads another. Folders may not overlap, or a connection and a variable could share a path and a policy
 * for one would open the other.
 */
import type { Hub } from '../hub.ts'
import { OWN_ROOT } from '../layout.ts'
import type { Complaint } from '../messages.ts'
import type { RuleContext } from './rule.ts'

const FOLDERS = ['connections', 'variables', 'projects'] as const
const SEGMENT = /^[A-Za-z0-9_.-]+$/
/** Vault's own, which no engine can be mounted at. */
const RESERVED: ReadonlySet<string> = new Set(['sys', 'auth', 'cubbyhole', 'identity', 'audit'])
/** Parts of KV's API paths. */
const KV_WORDS: ReadonlySet<string> = new Set(['data', 'metadata'])

export function checkVaultPaths({ draft, findings }: RuleContext): void {
  const { vault } = draft.hub
  for (const key of ['mount', ...FOLDERS] as const) {
    const complaint =
      formComplaint(vault[key]) ?? (key === 'mount' ? mountComplaint(vault.mount) : folderComplaint(vault[key]))
    if (complaint !== undefined) findings.error({ path: ['vault', key], on: 'value' }, complaint)
  }
  for (const key of FOLDERS) {
    if (isWithin(vault[key], vault.mount))
      findings.warning({ path: ['vault', key], on: 'value' }, beginsWithMount(vault, key))
  }
  for (const [index, key] of FOLDERS.entries()) {
    const other = FOLDERS.slice(0, index).find(
      (one) => isWithin(vault[key], vault[one]) || isWithin(vault[one], vault[key]),
    )
    if (other === undefined) continue
    const text = `this folder and that of ${other} overlap`
    findings.error(
      { path: ['vault', key], on: 'value' },
      {
        code: 'hub-paths-overlap',
        text,
        hint: 'give each a folder of its own, for example airflow/connections and airflow/variables',
      },
    )
  }
}

/** Form of any path in Vault. */
export function formComplaint(path: string): Complaint | undefined {
  const trimmed = path.replace(/^\/+|\/+$/g, '')
  if (trimmed !== path)
    return {
      code: 'hub-vault-path',
      text: 'a path in Vault has no slash at its ends',
      hint: trimmed === '' ? undefined : `write ${trimmed}`,
    }
  const segments = path.split('/')
  if (segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..')) return undefined
  return {
    code: 'hub-vault-path',
    text: 'a path in Vault is made of parts with letters, digits, _ . and -, with one slash between them',
  }
}

function mountComplaint(mount: string): Complaint | undefined {
  const segments = mount.split('/')
  const last = segments.at(-1) ?? ''
  if (segments.length > 1 && KV_WORDS.has(last)) {
    return {
      code: 'hub-vault-path',
      text: `${last} is no part of the mount: Vault's clients add it`,
      hint: `write ${segments.slice(0, -1).join('/')}`,
    }
  }
  if (RESERVED.has(segments[0] ?? ''))
    return { code: 'hub-vault-path', text: 'Vault keeps this mount for itself', hint: 'write secret, or another name' }
  return undefined
}

function folderComplaint(path: string): Complaint | undefined {
  const [first = '', ...rest] = path.split('/')
  if (first === OWN_ROOT) {
    const text = `Plenum keeps what is its own below ${OWN_ROOT}/, which nobody else may read`
    return { code: 'hub-paths-overlap', text, hint: 'give it another folder, for example airflow/connections' }
  }
  if (!KV_WORDS.has(first)) return undefined
  const hint = rest.length === 0 ? undefined : `write ${rest.join('/')}`
  return { code: 'hub-vault-path', text: `${first}/ is no part of the path: Vault's clients add it`, hint }
}

function beginsWithMount(vault: Hub['vault'], key: (typeof FOLDERS)[number]): Complaint {
  const rest = vault[key].slice(vault.mount.length + 1)
  const text = `this path begins with the name of the mount, and will lie at ${vault.mount}/${vault[key]}`
  return {
    code: 'hub-vault-path',
    text,
    hint: rest === '' ? 'is that meant? paths go without the mount' : `write ${rest} when that is not meant`,
  }
}

/** The same folder, or one somewhere below it. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
