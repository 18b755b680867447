/** Vault's own switch, as Vault reads it: whether a server locks out who fails to log in too often. */
export function userLockoutOf(env: NodeJS.ProcessEnv): boolean {
  return !/^(?:1|t|T|true|True|TRUE)$/.test(env['VAULT_DISABLE_USER_LOCKOUT'] ?? '')
}
