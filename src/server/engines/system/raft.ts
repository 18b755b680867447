/**
 * `sys/storage/raft` (vault-api 4.4): snapshots of the store, and the one node there is. The store is not raft's, but
 * this is where clients look.
 */
import { invalidRequest, type LogicalRequest, type LogicalResponse, type Route } from '../../logical/index.ts'
import type { NodeView, SnapshotsPort } from './host.ts'

export function raftRoutes(snapshots: SnapshotsPort, node: NodeView): Route[] {
  return [
    {
      pattern: /storage\/raft\/snapshot/,
      operations: {
        read: () => ({
          kind: 'stream',
          stream: { contentType: 'application/gzip', chunks: snapshots.save() },
        }),
        update: (request) => restore(snapshots, request, false),
      },
    },
    {
      pattern: /storage\/raft\/snapshot-force/,
      operations: { update: (request) => restore(snapshots, request, true) },
    },
    {
      pattern: /storage\/raft\/configuration/,
      operations: {
        read: () => {
          const self = { node_id: node.hostname, address: '', leader: true, protocol_version: '3', voter: true }
          return { kind: 'data', data: { config: { servers: [self], index: 0 } } }
        },
      },
    },
  ]
}

async function restore(snapshots: SnapshotsPort, { upload }: LogicalRequest, force: boolean): Promise<LogicalResponse> {
  if (upload === undefined) throw invalidRequest('the body must be a snapshot, sent over HTTP')
  await snapshots.restore(upload, force)
  return { kind: 'none' }
}
