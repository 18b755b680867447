export { type HttpFront, type HttpOptions, ListenError, listen } from './server.ts'
