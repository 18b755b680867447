import { createMemoryStorage } from './memory.ts'
import { physicalSuite } from './physical.case.ts'
import { storageSuite } from './storage.case.ts'

storageSuite({ name: 'memory', open: createMemoryStorage, closes: true, runs: 100 })
physicalSuite('memory', createMemoryStorage)
