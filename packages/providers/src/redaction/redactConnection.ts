/** Redacts the failures of a connection, because their messages become part of events. */
import { Effect } from "effect"
import {
  ConnectionLost,
  type Delivered,
  type ProviderConnection,
  type ProviderFailure,
  Refused,
} from "../ProviderDriver.js"
import { type HeldSecrets, makeRedactor } from "./Redactor.js"

/**
 * Wraps a connection: its failures hold no secrets, and it accepts redacted ids in the place of the ids that the agent knows.
 */
export const redactConnection = (connection: ProviderConnection, secrets: HeldSecrets): ProviderConnection => {
  const redactor = makeRedactor(secrets)
  if (redactor === null) return connection
  const refused = ({ message, operation, provider }: Refused) =>
    new Refused({ provider, operation, message: redactor.text(message) })
  const lost = ({ message, provider }: ConnectionLost) =>
    new ConnectionLost({ provider, message: redactor.text(message) })
  const redacted = <A>(operation: Effect.Effect<A, ProviderFailure>): Effect.Effect<A, ProviderFailure> =>
    operation.pipe(Effect.catchTag("Refused", refused), Effect.catchTag("ConnectionLost", lost))
  const redactedBoth = (
    operation: Effect.Effect<Delivered, ProviderFailure>,
  ): Effect.Effect<Delivered, ProviderFailure> =>
    Effect.map(redacted(operation), ({ answered, callId }) => ({
      callId,
      answered: answered.pipe(Effect.catchTag("Refused", refused), Effect.catchTag("ConnectionLost", lost)),
    }))
  /** The input of an operation with the ids that the agent knows, because rows hold redacted ids. */
  const real = <O extends object>(input: O): O => {
    const ids = ["nativeThreadId", "nativeTurnId", "nativeRequestId"].flatMap((name) => {
      const id: unknown = Reflect.get(input, name)
      const known = typeof id === "string" ? redactor.real(id) : id
      return known === id ? [] : [[name, known] as const]
    })
    return ids.length === 0 ? input : { ...input, ...Object.fromEntries(ids) }
  }
  return {
    ...connection,
    startThread: (thread) => redacted(connection.startThread(thread)),
    resumeThread: (thread) => redacted(connection.resumeThread(real(thread))),
    sendTurn: (turn) => redactedBoth(connection.sendTurn(real(turn))),
    steer: (message) => redactedBoth(connection.steer(real(message))),
    interrupt: (turn) => redactedBoth(connection.interrupt(real(turn))),
    answer: (answer) => redactedBoth(connection.answer(real(answer))),
    closeThread: (nativeThreadId) => redacted(connection.closeThread(redactor.real(nativeThreadId))),
  }
}
