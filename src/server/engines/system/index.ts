/**
 * The system backend, `sys/`: mounts, policies, capabilities, audit devices, wrapping, leases, tools, sealing.
 *
 * It holds no state: what it reads and changes belongs to the core (`host.ts`) and to the policy store. The endpoints
 * that answer without a token while sealed (health, init, unseal, ...) are not here but in `core/status.ts`.
 */
import { type Backend, type JsonObject, router } from '../../logical/index.ts'
import type { PolicyStore } from '../../policy/index.ts'
import type { Storage } from '../../storage/storage.ts'
import { catalogRoutes } from './catalog.ts'
import { factRoutes } from './facts.ts'
import { metricsRoutes } from './metrics.ts'
import { uiHeaderRoutes } from './ui-headers.ts'
import { auditRoutes } from './audit.ts'
import { capabilityRoutes } from './capabilities.ts'
import { generateRootRoutes } from './generate-root.ts'
import { configRoutes } from './config.ts'
import type { SystemHost } from './host.ts'
import { LEASE_SUDO, leaseRoutes } from './leases.ts'
import { loggerRoutes } from './loggers.ts'
import { mountRoutes } from './mounts.ts'
import { quotaRoutes } from './quotas.ts'
import { remountRoutes } from './remount.ts'
import { passwordPolicyRoutes } from './password-policies.ts'
import { statusRoutes } from './plenum-status.ts'
import { policyRoutes } from './policies.ts'
import { toolRoutes } from './tools.ts'
import { raftRoutes } from './raft.ts'
import { rekeyRoutes } from './rekey.ts'
import { rotateRoutes } from './rotate.ts'
import { uiRoutes } from './ui.ts'
import { lockedUserRoutes } from './user-lockout.ts'
import { wrappingRoutes } from './wrapping.ts'

/** vault-api 3: `auth` itself may be read without sudo, what lies below it may not be touched. */
const SUDO =
  /^(?:auth\/.+|audit(?:\/.*)?|seal|step-down|remount|config\/(?:cors|auditing\/.*|ui\/headers(?:\/.*)?|state\/sanitized)|in-flight-req|loggers(?:\/.*)?|plugins\/catalog\/.+|rotate(?:\/.*)?|raw(?:\/.*)?|rekey(?:-recovery-key)?\/.*|generate-root\/.*|storage\/raft\/snapshot(?:-.*)?)$/
/** They look at the token themselves. */
const UNAUTHENTICATED =
  /^(?:internal\/(?:ui\/(?:mounts(?:\/.*)?|namespaces)|specs\/openapi)|wrapping\/lookup|replication\/status)$/

/** `passwordPolicies` is where those rest. */
export function createSystem(host: SystemHost, policies: PolicyStore, passwordPolicies: Storage): Backend {
  const handle = router([
    ...mountRoutes(host),
    ...remountRoutes(host),
    ...policyRoutes(policies),
    ...passwordPolicyRoutes({ storage: passwordPolicies, random: (bytes) => host.tools.random(bytes) }),
    ...capabilityRoutes(host),
    ...auditRoutes(host.audit),
    ...uiRoutes(host),
    ...wrappingRoutes(host.wrapping),
    ...leaseRoutes(host),
    ...toolRoutes(host.tools),
    ...lockedUserRoutes(host),
    ...rotateRoutes(host.keys),
    ...rekeyRoutes(host.rekey),
    ...generateRootRoutes(host.rootGeneration),
    {
      pattern: /ha-status/,
      about: 'The nodes: this one.',
      fields: {},
      operations: { read: () => ({ kind: 'data', data: { nodes: [nodeOf(host)] } }) },
    },
    ...factRoutes(host.facts, host.now),
    ...metricsRoutes(host.facts, host.now),
    ...catalogRoutes(host.node.version),
    ...uiHeaderRoutes,
    ...quotaRoutes(host),
    ...configRoutes(host.config),
    ...raftRoutes(host.snapshots, host.node),
    ...statusRoutes(host),
    ...(host.loggers === undefined ? [] : loggerRoutes(host.loggers)),
    {
      pattern: /seal|step-down/,
      about: 'Seals the server. There is no other node that a step down would give way to: it does nothing.',
      fields: {},
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
    about: 'The server itself: mounts, policies, audit devices, leases, keys.',
    isUnauthenticated: (path) => UNAUTHENTICATED.test(path),
    needsSudo: (path) => SUDO.test(path) || LEASE_SUDO.test(path),
    exists: () => undefined,
    handle,
  }
}

/** The one node there is, which has no others to tell an address. */
function nodeOf({ node }: SystemHost): JsonObject {
  return {
    hostname: node.hostname,
    api_address: '',
    cluster_address: '',
    active_node: true,
    last_echo: null,
    version: node.version,
  }
}

export type {
  AuditDeviceView,
  AuditPort,
  KeysPort,
  LockoutPort,
  MountConfig,
  MountsPort,
  MountView,
  RekeyPort,
  RootGenerationPort,
  SnapshotsPort,
  SystemHost,
} from './host.ts'
export { type AuditedHeaders, type ConfigPort, CORS_HEADERS, type CorsConfig } from './config.ts'
export type { AnswerCount, FactsPort, RequestUnderWay } from './facts.ts'
export type { LoggersPort } from './loggers.ts'
export { INHERIT } from './mount-settings.ts'
