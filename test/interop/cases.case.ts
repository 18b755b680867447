/**
 * What each client is to show. A program reports its cases by these names; one that it does not report is a failure, one
 * that is not here too: no client is tried with less than the others without anybody noticing.
 */

/** The cases that every client has. */
export const EVERY_CLIENT: readonly string[] = [
  'kv 1: write, read, list, delete',
  'kv 1: what is not there',
  'kv 2: write and read',
  'kv 2: check-and-set, as it should be',
  'kv 2: check-and-set, the wrong version',
  'kv 2: an older version',
  'kv 2: patch',
  'kv 2: delete and undelete',
  'kv 2: destroy',
  'kv 2: settings and custom metadata',
  'kv 2: list, and all of a key removed',
  'kv 2: what is not there',
  'tokens: create with options',
  'tokens: look-up by token, by accessor, of oneself',
  'tokens: renew',
  'tokens: revoke',
  'tokens: roles',
  'tokens: batch',
  'tokens: a wrong one',
  'approle: role, role_id, secret_id, login',
  'approle: a wrapped secret_id',
  'approle: a wrong secret_id',
  'userpass: user and login',
  'userpass: a wrong password',
  'userpass: a new password',
  'policies: write, read, list, delete',
  'policies: capabilities',
  'policies: a refusal',
  'wrapping: a read',
  'wrapping: a login',
  'wrapping: taken once',
  'leases: look-up and list',
  'leases: revoke by prefix',
  'audit: enable, hash, list, disable; no secret in the file',
  'sys: health and seal status',
  'sys: mounts and tuning',
  'sys: remount',
  'sys: auth methods',
  'http: a namespace',
]

/** Only where the server is the embedded one: another has no listener with a certificate of ours. */
export const OVER_TLS: readonly string[] = ['tls: with its authority', 'tls: without its authority']

/** The cases that one client has beside them. */
export const OWN: Readonly<Record<ClientName, readonly string[]>> = {
  hvac: ['hvac: is_authenticated', 'hvac: a deleted version that is asked for'],
  'node-vault': ['node-vault: lists without the LIST verb', 'node-vault: keeps its token alive'],
  'vault/api': [
    'go: LifetimeWatcher renews a token',
    'go: LifetimeWatcher ends with the longest lifetime',
    'go: KVv2 takes a version back',
    'go: numbers keep their text',
  ],
  'openbao/api': [
    'go: LifetimeWatcher renews a token',
    'go: LifetimeWatcher ends with the longest lifetime',
    'go: KVv2 takes a version back',
    'go: numbers keep their text',
  ],
}

export const CLIENT_NAMES = ['hvac', 'node-vault', 'vault/api', 'openbao/api'] as const
export type ClientName = (typeof CLIENT_NAMES)[number]
