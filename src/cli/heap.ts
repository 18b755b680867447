/**
 * How far V8 lets garbage pile up in a process that runs for weeks beside others. As it comes, that is several times what
 * is in use, which is right for a command that soon ends.
 *
 * V8 looks at these flags whenever it decides how far to let the heap grow; one that it does not know it ignores. What
 * they save and cost is measured in docs/decisions/0010-small-heaps.md.
 */
import { setFlagsFromString } from 'node:v8'

/** For work that is done every few seconds and for which nobody waits: hardly any. */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20')
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** For a server: less than what is in use once more. */
export function keepHeapModest(): void {
  setFlagsFromString('--heap-growing-percent=70')
}
