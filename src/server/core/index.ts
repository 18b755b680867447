export { type Core, type CoreOptions, createCore, type InitializeOptions, VAULT_VERSION } from './core.ts'
export { JUDGE } from './pipeline.ts'
export type { CoreMethod, CoreReply, CoreRequest } from './request.ts'
