export { type Core, type CoreOptions, createCore, type InitializeOptions } from './core.ts'
export { JUDGE } from './pipeline.ts'
export { VAULT_VERSION } from './vault-version.ts'
export type { CoreMethod, CoreReply, CoreRequest } from './request.ts'
