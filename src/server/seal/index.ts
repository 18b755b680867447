export { KeyFileError, type KeyFileErrorCode, readKeyFile, writeKeyFile } from './key-file.ts'
export { createSeal, SealError } from './seal.ts'
export type { Seal, SealOptions, SealStatus } from './seal.ts'
