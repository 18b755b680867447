/** KV version 2: secrets with versions. `engine.ts` is the way in; `versions.ts` decides; `codec.ts` says what is stored. */
export { createKv2 } from './engine.ts'
