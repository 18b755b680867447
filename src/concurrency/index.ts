/**
 * Doing several things at once without doing them at the same time: bounded parallel work (`map-bounded.ts`), the bound
 * that suits a server (`pace.ts`), and turns (`turns.ts`). In one process; nothing here knows of other processes.
 */
export { type Bound, mapBounded } from './map-bounded.ts'
export { Pace } from './pace.ts'
export { Turns } from './turns.ts'
