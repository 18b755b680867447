export { answerDirectly, type DirectAnswer, type DirectRequest } from './direct.ts'
export type { Fault, FaultSource } from './fault.ts'
export type { ForwardedFor } from './forwarded.ts'
export { MOST_BODY_BYTES } from './answer.ts'
export {
  ListenError,
  type Listener,
  type TcpListener,
  type TlsSettings,
  type TlsVersion,
  type UnixListener,
} from './listener.ts'
export { type HttpFront, listen, type TlsRenewal } from './server.ts'
