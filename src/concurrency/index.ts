/**
 * Doing several things at once without doing them at the same time: bounded parallel work (`map-bounded.ts`) and turns
 * (`turns.ts`). In one process; nothing here knows of other processes.
 */
export { mapBounded } from './map-bounded.ts'
export { Turns } from './turns.ts'
