/** What clients gate features on: strict semver, and what this server behaves like (vault-api 0, D1). */
export const VAULT_VERSION = '1.14.8'
