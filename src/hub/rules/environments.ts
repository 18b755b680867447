/** How each environment's Vault is reached and entered. */
import { clearSecret } from '../clear-secret.ts'
import type { Reference, VaultTarget } from '../hub.ts'
import type { DocPath, Findings } from '../messages.ts'
import type { RuleContext } from './rule.ts'
import { formComplaint } from './vault-paths.ts'

export function checkEnvironments({ draft, document, findings }: RuleContext): void {
  for (const [name, target] of draft.hub.environments) {
    if (target.kind === 'embedded') continue
    const path = ['environments', name, 'vault']
    checkAddress(target.address, [...path, 'address'], findings)
    if ((target.clientCert === undefined) !== (target.clientKey === undefined)) {
      const missing = target.clientCert === undefined ? 'client_cert' : 'client_key'
      findings.error(
        { path, on: 'key' },
        { code: 'hub-missing-key', text: `${missing} is missing: certificate and key go together` },
      )
    }
    checkAuth(target.auth, path, document.has([...path, 'auth']), findings)
    const both = document.has([...path, 'auth', 'token']) && document.has([...path, 'auth', 'approle'])
    if (both)
      findings.error(
        { path: [...path, 'auth'], on: 'key' },
        { code: 'hub-auth', text: 'there is one way in: token or approle, not both' },
      )
  }
}

type Auth = Extract<VaultTarget, { kind: 'remote' }>['auth']

function checkAuth(auth: Auth, target: DocPath, isWritten: boolean, findings: Findings): void {
  const path = [...target, 'auth']
  switch (auth.kind) {
    case 'ambient':
      if (isWritten)
        findings.error(
          { path, on: 'key' },
          {
            code: 'hub-auth',
            text: 'auth says nothing',
            hint: 'give it token or approle, or remove it to use VAULT_TOKEN',
          },
        )
      return
    case 'token':
      return refuseLiteral(auth.token, [...path, 'token'], findings)
    case 'approle': {
      const complaint = formComplaint(auth.mount)
      if (complaint !== undefined) findings.error({ path: [...path, 'approle', 'mount'], on: 'value' }, complaint)
      return refuseLiteral(auth.secretId, [...path, 'approle', 'secret_id'], findings)
    }
  }
}

function refuseLiteral(reference: Reference, path: DocPath, findings: Findings): void {
  if (reference.kind === 'literal') findings.error({ path, on: 'value' }, clearSecret(path))
}

function checkAddress(address: string, path: DocPath, findings: Findings): void {
  const spot = { path, on: 'value' } as const
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    return findings.error(spot, {
      code: 'hub-address',
      text: 'this is no http or https URL',
      hint: 'for example  https://vault.example.com:8200',
    })
  }
  if (url.username !== '' || url.password !== '') {
    return findings.error(spot, {
      code: 'hub-clear-secret',
      text: 'a user name or password stands in this URL',
      hint: 'use auth to say how to log in',
    })
  }
  if (url.search !== '' || url.hash !== '' || /\/v1\/?$/.test(url.pathname)) {
    return findings.error(spot, {
      code: 'hub-address',
      text: 'an address ends with the host and port, or the path of a proxy',
      hint: `write ${url.origin}`,
    })
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    findings.warning(spot, {
      code: 'hub-plain-http',
      text: 'tokens and secrets go over the network unencrypted',
      hint: 'use https',
    })
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^127(?:\.\d+){3}$/.test(host) || host === '[::1]'
}
