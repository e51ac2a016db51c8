/** What a provider refuses an order with becomes part of events: without held secrets, as everything else it says. */
import { Effect } from "effect"
import {
  ConnectionLost,
  type HandedOver,
  type ProviderConnection,
  type ProviderFailure,
  Refused,
} from "../ProviderDriver.js"
import { type HeldSecrets, makeRemoval } from "./Removal.js"

/** The connection, whose failures name no secret. */
export const withCleanFailures = (connection: ProviderConnection, secrets: HeldSecrets): ProviderConnection => {
  const removal = makeRemoval(secrets)
  if (removal === null) return connection
  const refused = ({ message, operation, provider }: Refused) =>
    new Refused({ provider, operation, message: removal.text(message) })
  const lost = ({ message, provider }: ConnectionLost) =>
    new ConnectionLost({ provider, message: removal.text(message) })
  const clean = <A>(order: Effect.Effect<A, ProviderFailure>): Effect.Effect<A, ProviderFailure> =>
    order.pipe(Effect.catchTag("Refused", refused), Effect.catchTag("ConnectionLost", lost))
  const cleanBoth = (order: Effect.Effect<HandedOver, ProviderFailure>): Effect.Effect<HandedOver, ProviderFailure> =>
    Effect.map(clean(order), ({ answered, callId }) => ({
      callId,
      answered: answered.pipe(Effect.catchTag("Refused", refused), Effect.catchTag("ConnectionLost", lost)),
    }))
  return {
    ...connection,
    startThread: (order) => clean(connection.startThread(order)),
    resumeThread: (order) => clean(connection.resumeThread(order)),
    sendTurn: (order) => cleanBoth(connection.sendTurn(order)),
    steer: (order) => cleanBoth(connection.steer(order)),
    interrupt: (order) => cleanBoth(connection.interrupt(order)),
    answer: (order) => cleanBoth(connection.answer(order)),
    closeThread: (nativeThreadId) => clean(connection.closeThread(nativeThreadId)),
  }
}
