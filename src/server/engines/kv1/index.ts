/** KV version 1: secrets without versions. */
export { createKv1 } from './engine.ts'
export { UnversionedSecrets } from './unversioned.ts'
