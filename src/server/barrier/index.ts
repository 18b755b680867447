export { type Barrier, type BarrierOptions, createBarrier } from './barrier.ts'
export { decryptSealed, encryptSealed } from './cipher.ts'
export { BarrierError, type BarrierErrorCode } from './errors.ts'
