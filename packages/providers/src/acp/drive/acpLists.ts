/** What an ACP agent says of itself. It is not asked: it shows its models with each session, and its commands when it likes. */
import type { AgentAccount, AgentCommand, AgentListName, AgentModel } from "@threadfold/contracts"
import { Deferred, Effect, FiberId } from "effect"
import { type AgentLists, type ListChanges, makeListChanges } from "../../drive/AgentLists.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { entriesOf, optionOf, readConfiguration } from "../translate/sessionConfiguration.js"

/** The lists that an agent may have. */
export const acpListNames: readonly AgentListName[] = ["models", "commands", "account"]

/** How long the commands of an agent are waited for that has not shown any, ms. */
const commandsMs = 2_000

const commandOf = (native: Fields): AgentCommand => ({
  name: hintText(native, "name") ?? "?",
  description: hintText(native, "description") ?? null,
  hint: hintText(hintFields(native, "input") ?? {}, "hint") ?? null,
  native,
})

const modelOf = (native: Fields, model: string, current: string | undefined): AgentModel => ({
  model,
  title: hintText(native, "name") ?? null,
  description: hintText(native, "description") ?? null,
  isDefault: model === current,
  hidden: false,
  // The efforts that a session offers are those of its present model.
  efforts: null,
  defaultEffort: null,
  native,
})

const modelsIn = (said: Fields): readonly AgentModel[] => {
  const { model: current } = readConfiguration(said)
  const option = optionOf(said, "model")
  const listed =
    option === undefined
      ? entriesOf(hintArray(hintFields(said, "models") ?? {}, "availableModels"), "modelId")
      : entriesOf(hintArray(option, "options"), "value")
  return listed.map(([model, native]) => modelOf(native, model, current))
}

const accountOf = (methods: readonly unknown[]): AgentAccount => ({
  signedIn: null,
  kind: null,
  email: null,
  plan: null,
  organization: null,
  ways: methods.filter(isFields).map((way) => ({
    way: hintText(way, "id") ?? "?",
    title: hintText(way, "name") ?? hintText(way, "id") ?? "?",
    description: hintText(way, "description") ?? null,
    // One that wants a terminal of its own cannot be driven from here.
    driven: way.type !== "terminal",
  })),
  native: { authMethods: methods },
})

export interface AcpNews {
  readonly changes: ListChanges
  /** A session was opened. */
  readonly opened: (answer: Fields) => void
  /** The agent said something of a session. */
  readonly updated: (update: Fields) => void
  readonly lists: (authMethods: readonly unknown[]) => AgentLists
}

export const makeAcpNews = (): AcpNews => {
  const changes = makeListChanges()
  const shown = Deferred.unsafeMake<void>(FiberId.none)
  let models: readonly AgentModel[] = []
  let commands: readonly AgentCommand[] = []
  return {
    changes,
    opened: (answer) => {
      models = modelsIn(answer)
      changes.count("models")
    },
    updated: (update) => {
      if (update.sessionUpdate !== "available_commands_update") return
      commands = hintArray(update, "availableCommands").filter(isFields).map(commandOf)
      changes.count("commands")
      Deferred.unsafeDone(shown, Effect.void)
    },
    lists: (authMethods) => ({
      models: Effect.sync(() => models),
      commands: Effect.map(Effect.timeoutOption(Deferred.await(shown), commandsMs), () => commands),
      account: Effect.sync(() => accountOf(authMethods)),
    }),
  }
}
