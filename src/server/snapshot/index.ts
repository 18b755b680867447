export { SnapshotError, type SnapshotErrorCode } from './errors.ts'
export { type Archive, readSnapshot } from './read.ts'
export { writeSnapshot } from './write.ts'
