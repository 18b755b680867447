export { answerDirectly, type DirectAnswer, type DirectRequest } from './direct.ts'
export type { Fault, FaultSource } from './fault.ts'
export type { ForwardedFor } from './forwarded.ts'
export {
  ListenError,
  type Listener,
  type TcpListener,
  type TlsSettings,
  type TlsVersion,
  type UnixListener,
} from './listener.ts'
export { type HttpFront, listen, MOST_BODY_BYTES, type TlsRenewal } from './server.ts'
