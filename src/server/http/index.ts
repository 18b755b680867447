export { answerDirectly, type DirectAnswer, type DirectRequest } from './direct.ts'
export { type HttpFront, type HttpOptions, ListenError, listen, MOST_BODY_BYTES } from './server.ts'
