export { StorageClosedError, StoreError, type StoreErrorCode } from './errors.ts'
export { freeBytes } from './files.ts'
export { isStoreFolder } from './folder.ts'
export { openLmdbStorage } from './lmdb.ts'
export { MarkedEntries, MarkedEntryError } from './marked.ts'
export { createMemoryStorage } from './memory.ts'
export type { FrozenStore, PhysicalStorage, Replacement, StoredEntry } from './physical.ts'
export { OLDEST_STORE_VERSION, STORE_VERSION } from './folder.ts'
export { keysBelow, type Page, pageOf, scanPage, unhurriedKeys } from './page.ts'
export { unhurried, unhurriedList, unhurriedNames, unhurriedSort } from './unhurried.ts'
export { stageStorage, type StagedStorage } from './staged.ts'
export {
  checkKey,
  checkPrefix,
  compareKeys,
  LONGEST_KEY,
  type Storage,
  sortKeys,
  StorageKeyError,
  type Write,
} from './storage.ts'
