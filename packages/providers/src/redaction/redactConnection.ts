/** Redacts the failures of a connection, because their messages become part of events. */
import type { AgentListName } from "@threadfold/contracts"
import { Effect } from "effect"
import { type AgentLists, type ListOf, readList } from "../drive/AgentLists.js"
import {
  ConnectionLost,
  type ConversationAbility,
  type Delivered,
  type ProviderConnection,
  type ProviderFailure,
  type ProviderVoice,
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
  /** Lists of the same form, without secrets. */
  const redactedLists = (lists: AgentLists): AgentLists => {
    const one = <N extends AgentListName>(name: N, list: Effect.Effect<ListOf[N], ProviderFailure>) =>
      Effect.map(redacted(list), (all) => readList[name](redactor.value(all)))
    const { account, commands, limits, mcp, models, skills } = lists
    return {
      ...(account === undefined ? {} : { account: one("account", account) }),
      ...(commands === undefined ? {} : { commands: one("commands", commands) }),
      ...(limits === undefined ? {} : { limits: one("limits", limits) }),
      ...(mcp === undefined ? {} : { mcp: one("mcp", mcp) }),
      ...(models === undefined ? {} : { models: one("models", models) }),
      ...(skills === undefined ? {} : { skills: one("skills", skills) }),
    }
  }
  const { choices, compact, fork, lists, login, review, rewind, stopTask, voice } = connection
  const ofConversations: Pick<ProviderConnection, ConversationAbility> = {
    ...(rewind === undefined ? {} : { rewind: (turns) => redacted(rewind(real(turns))) }),
    ...(fork === undefined ? {} : { fork: (thread) => redacted(fork(real(thread))) }),
    ...(compact === undefined ? {} : { compact: (turn) => redactedBoth(compact(real(turn))) }),
    ...(stopTask === undefined ? {} : { stopTask: (task) => redacted(stopTask(real(task))) }),
    ...(review === undefined ? {} : { review: (turn) => redactedBoth(review(real(turn))) }),
  }
  const redactedVoice: { readonly voice?: ProviderVoice } =
    voice === undefined
      ? {}
      : {
          voice: {
            check: (conversation) => redacted(voice.check(real(conversation))),
            start: (conversation) => redactedBoth(voice.start(real(conversation))),
            appendText: (input) => redacted(voice.appendText(real(input))),
            appendSpeech: (input) => redacted(voice.appendSpeech(real(input))),
            appendAudio: (input) => redacted(voice.appendAudio(real(input))),
            stop: (nativeThreadId) => redacted(voice.stop(redactor.real(nativeThreadId))),
            voices: redacted(voice.voices),
          },
        }
  return {
    ...connection,
    ...redactedVoice,
    ...ofConversations,
    startThread: (thread) => redacted(connection.startThread(thread)),
    resumeThread: (thread) => redacted(connection.resumeThread(real(thread))),
    sendTurn: (turn) => redactedBoth(connection.sendTurn(real(turn))),
    steer: (message) => redactedBoth(connection.steer(real(message))),
    interrupt: (turn) => redactedBoth(connection.interrupt(real(turn))),
    answer: (answer) => redactedBoth(connection.answer(real(answer))),
    configure: (change) => redacted(connection.configure(real(change))),
    ...(choices === undefined ? {} : { choices: (id: string) => choices(redactor.real(id)) }),
    ...(login === undefined
      ? {}
      : {
          login: (way: string) =>
            Effect.map(redacted(login(way)), (started) => ({
              ...started,
              done: redacted(started.done),
              cancel: redacted(started.cancel),
            })),
        }),
    ...(lists === undefined ? {} : { lists: redactedLists(lists) }),
    closeThread: (nativeThreadId) => redacted(connection.closeThread(redactor.real(nativeThreadId))),
  }
}
