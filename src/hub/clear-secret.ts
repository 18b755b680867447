/** What is said about a secret that stands in clear: never the secret, always what to write instead. */
import type { Complaint, DocPath } from './messages.ts'

/** `path` leads to the value: `projects.trading.connections.ibkr.password`. */
export function clearSecret(path: DocPath): Complaint {
  const key = String(path.at(-1) ?? '')
  return {
    code: 'hub-clear-secret',
    text: 'a secret may not stand here in clear',
    hint: `say where it comes from, for example  ${/^[\w.-]+$/.test(key) ? key : JSON.stringify(key)}: { env: ${exampleName(path)} }`,
  }
}

/** A variable name that fits: `PROJECT_TRADING_IBKR_PASSWORD` for the password of that connection. */
function exampleName(path: DocPath): string {
  const [top, owner, section, id] = path
  const last = path.length > 4 ? [path.at(-1)] : []
  const words = top === 'projects' ? [section === 'secrets' ? owner : undefined, id, ...last] : [owner, path.at(-1)]
  const name = words
    .filter((word) => word !== undefined)
    .join('_')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
  return /^[0-9]/.test(name) ? `_${name}` : name
}
