/**
 * ACL policies: text to rules (`parse.ts`), rules to decisions (`acl.ts`), and where they rest (`store.ts`). Everything
 * outside asks the store. Beside them password policies, which are another thing with the same word (`password.ts`).
 */
export type { Acl } from './acl.ts'
export { generatePassword, type PasswordPolicy, PasswordPolicyError, parsePasswordPolicy } from './password.ts'
export { PolicyStore } from './store.ts'
