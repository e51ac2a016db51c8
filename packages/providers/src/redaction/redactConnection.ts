/** What a provider refuses an order with becomes part of events: without held secrets, as everything else it says. */
import { Effect } from "effect"
import {
  ConnectionLost,
  type HandedOver,
  type ProviderConnection,
  type ProviderFailure,
  Refused,
} from "../ProviderDriver.js"
import { type HeldSecrets, makeRemoval } from "./Redactor.js"

/** The connection, whose failures name no secret, and which takes redacted ids for those that the agent knows. */
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
  /** An order with the ids that the agent knows: rows hold redacted ones. */
  const real = <O extends object>(order: O): O => {
    const ids = ["nativeThreadId", "nativeTurnId", "nativeRequestId"].flatMap((name) => {
      const id: unknown = Reflect.get(order, name)
      const known = typeof id === "string" ? removal.real(id) : id
      return known === id ? [] : [[name, known] as const]
    })
    return ids.length === 0 ? order : { ...order, ...Object.fromEntries(ids) }
  }
  return {
    ...connection,
    startThread: (order) => clean(connection.startThread(order)),
    resumeThread: (order) => clean(connection.resumeThread(real(order))),
    sendTurn: (order) => cleanBoth(connection.sendTurn(real(order))),
    steer: (order) => cleanBoth(connection.steer(real(order))),
    interrupt: (order) => cleanBoth(connection.interrupt(real(order))),
    answer: (order) => cleanBoth(connection.answer(real(order))),
    closeThread: (nativeThreadId) => clean(connection.closeThread(removal.real(nativeThreadId))),
  }
}
