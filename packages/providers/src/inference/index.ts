/** What the gateway reads of the calls of a model: their protocols, and the attempt that a call is. Pure. */
export { Attempt, type AttemptEvent, type AttemptInput } from "./Attempt.js"
export { type ModelProtocol, modelIn, protocolOf, socketProtocolOf } from "./modelCall.js"
export { maxFrameBytes, maxItemBytes, type ProtocolReader, type Signal } from "./Signal.js"
export { type CutFrame, SseFrames } from "./SseFrames.js"
export { frameOfMessage, requestInMessage, type SocketRequest, streamOfMessage } from "./socketMessages.js"
