/**
 * The system backend, `sys/`: mounts, policies, capabilities, audit devices, sealing.
 *
 * It holds no state: what it reads and changes belongs to the core (`host.ts`) and to the policy store. The endpoints
 * that answer without a token while sealed (health, init, unseal, ...) are not here but in `core/status.ts`.
 */
import { type Backend, router } from '../../logical/index.ts'
import type { PolicyStore } from '../../policy/index.ts'
import { auditRoutes } from './audit.ts'
import { capabilityRoutes } from './capabilities.ts'
import { configRoutes } from './config.ts'
import type { SystemHost } from './host.ts'
import { mountRoutes } from './mounts.ts'
import { quotaRoutes } from './quotas.ts'
import { remountRoutes } from './remount.ts'
import { policyRoutes } from './policies.ts'
import { uiRoutes } from './ui.ts'

/** vault-api 3: `auth` itself may be read without sudo, what lies below it may not be touched. */
const SUDO =
  /^(?:auth\/.+|audit(?:\/.*)?|seal|step-down|remount|config\/(?:cors|auditing\/.*)|rotate(?:\/.*)?|raw(?:\/.*)?)$/
/** They look at the token themselves. */
const UNAUTHENTICATED = /^internal\/(?:ui\/(?:mounts(?:\/.*)?|namespaces)|specs\/openapi)$/

export function createSystem(host: SystemHost, policies: PolicyStore): Backend {
  const handle = router([
    ...mountRoutes(host),
    ...remountRoutes(host),
    ...policyRoutes(policies),
    ...capabilityRoutes(host),
    ...auditRoutes(host.audit),
    ...uiRoutes(host),
    ...quotaRoutes(host),
    ...configRoutes(host.config),
    {
      pattern: /seal|step-down/,
      operations: {
        update: async ({ path }) => {
          if (path === 'seal') await host.seal()
          return { kind: 'none' }
        },
      },
    },
  ])
  return {
    type: 'system',
    isUnauthenticated: (path) => UNAUTHENTICATED.test(path),
    needsSudo: (path) => SUDO.test(path),
    exists: () => undefined,
    handle,
  }
}

export type { AuditDeviceView, AuditPort, MountConfig, MountsPort, MountView, SystemHost } from './host.ts'
export { type AuditedHeaders, type ConfigPort, CORS_HEADERS, type CorsConfig } from './config.ts'
export { INHERIT } from './mount-settings.ts'
