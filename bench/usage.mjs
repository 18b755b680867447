/** Loaded into a measured process with --import: what it used, written to the file of BENCH_USAGE as it ends. */
import { writeFileSync } from 'node:fs'

const file = process.env.BENCH_USAGE
delete process.env.BENCH_USAGE
process.once('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  writeFileSync(file, JSON.stringify({ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMegabytes: maxRSS / 1024 }))
})
