export { type RateLimitConfig, type RateLimitRule, RateLimits, rulePath, type Verdict } from './rate-limits.ts'
