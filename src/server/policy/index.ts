/**
 * ACL policies: text to rules (`parse.ts`), rules to decisions (`acl.ts`), and where they rest (`store.ts`). Everything
 * outside asks the store.
 */
export type { Acl } from './acl.ts'
export { PolicyStore } from './store.ts'
