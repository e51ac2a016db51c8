/** The handshake with an agent: versions, capabilities, and the login. */
import { Effect } from "effect"
import type { ConnectionLost } from "../../ProviderDriver.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { methods, protocolVersion } from "../translate/acpProtocol.js"
import type { AcpConfig } from "./AcpConfig.js"
import { refusal } from "./acpDecisions.js"
import type { PromptCapabilities } from "./acpPrompt.js"
import type { Peer } from "./Peer.js"

/** Our capabilities: questions to the user and the output of commands. Agents use their own files and terminals. */
const clientCapabilities = {
  fs: { readTextFile: false, writeTextFile: false },
  terminal: false,
  elicitation: { form: {}, url: {} },
  _meta: { terminal_output: true },
}

/** The capabilities of an agent. */
export interface Handshake {
  readonly canLoad: boolean
  readonly canResume: boolean
  readonly canClose: boolean
  /** What it takes in a prompt beside text and links. */
  readonly prompt: PromptCapabilities
  /** How a person can sign in, for messages. */
  readonly login: string
  /** The same, as the agent shows them. */
  readonly authMethods: readonly unknown[]
}

const loginOf = (answer: Fields): string => {
  const ways = hintArray(answer, "authMethods")
    .filter(isFields)
    .map((way) => `${hintText(way, "id") ?? "?"} (${hintText(way, "description") ?? hintText(way, "name") ?? "?"})`)
  const own = "Sign in with the agent's own program"
  return ways.length === 0 ? `${own}.` : `${own}, or set authMethod of this provider to one of: ${ways.join("; ")}.`
}

const readHandshake = (answer: Fields): Handshake => {
  const capabilities = hintFields(answer, "agentCapabilities") ?? {}
  const prompt = hintFields(capabilities, "promptCapabilities") ?? {}
  const session = hintFields(capabilities, "sessionCapabilities") ?? {}
  return {
    canLoad: capabilities.loadSession === true,
    canResume: isFields(session.resume),
    canClose: isFields(session.close),
    prompt: { image: prompt.image === true, embeddedContext: prompt.embeddedContext === true },
    login: loginOf(answer),
    authMethods: hintArray(answer, "authMethods"),
  }
}

/** Does the handshake, and the login that the configuration names. `lost`: makes the failure, with the state of the process. */
export const shakeHands = (
  { authMethod, clientVersion = "0" }: AcpConfig,
  peer: Peer,
  lost: (what: string) => ConnectionLost,
): Effect.Effect<Handshake, ConnectionLost> =>
  Effect.gen(function* () {
    const ask = (method: string, params: Fields, login: string): Effect.Effect<Fields, ConnectionLost> =>
      Effect.gen(function* () {
        const sent = yield* peer.call(method, params)
        const answered = yield* sent.answer
        const { answer } = answered
        if (!answer.ok) return yield* lost(`The agent refused ${method}: ${refusal(answered, login)}.`)
        return isFields(answer.result) ? answer.result : {}
      })
    const clientInfo = { name: "threadfold", title: "Threadfold", version: clientVersion }
    const answer = yield* ask(methods.initialize, { protocolVersion, clientCapabilities, clientInfo }, "")
    if (answer.protocolVersion !== protocolVersion) {
      const theirs = typeof answer.protocolVersion === "number" ? answer.protocolVersion : "unknown"
      const spoken = `version ${theirs} of the Agent Client Protocol, Threadfold version ${protocolVersion}`
      return yield* lost(`The agent speaks ${spoken}. Update the agent.`)
    }
    const handshake = readHandshake(answer)
    if (authMethod !== undefined) yield* ask(methods.authenticate, { methodId: authMethod }, handshake.login)
    return handshake
  })
