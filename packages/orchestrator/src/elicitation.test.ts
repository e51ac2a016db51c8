/** Real agents whose tool server asks the user: by a form, and by an address to open. Nothing is played but the model. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect } from "@effect/vitest"
import { Asked } from "@threadfold/contracts"
import { makeAcpDriver, makeClaudeDriver, makeCodexDriver, type ProviderDriver } from "@threadfold/providers"
import {
  type AgentHome,
  Anthropic,
  askingServer,
  claudeHome,
  codexHome,
  type InstalledAgent,
  installedAgent,
  type MissingAgent,
  OpenAi,
  type Script,
  type Step,
} from "@threadfold/testkit"
import { Effect, Schema, type Scope } from "effect"
import { id, OrchestratorFixture } from "../test/OrchestratorFixture.js"
import { checked, ended, openRequest, rowsOf, withAgent } from "../test/RealAgent.js"

const { args, command, name } = askingServer

/** What is asked until the agent has the tools of the server. */
const ready = "Are you ready?"

interface Asking {
  readonly title: string
  readonly agent: InstalledAgent | MissingAgent
  readonly home: (baseUrl: string) => Effect.Effect<AgentHome, never, Scope.Scope>
  readonly server: (
    script: Script,
  ) => Effect.Effect<
    { readonly baseUrl: string; readonly requests: () => readonly { readonly body: unknown }[] },
    never,
    Scope.Scope
  >
  readonly driver: (agent: InstalledAgent, home: AgentHome) => ProviderDriver
  readonly settings: Readonly<Record<string, unknown>>
  /** The model calls a tool of the server. */
  readonly calls: (tool: string) => Step
  readonly says: (text: string) => Step
  /** Whether the agent lets tool servers ask by an address. */
  readonly hasUrl: boolean
}

const askingStories = (asking: Asking): void => {
  const { hasUrl, title } = asking
  const real = withAgent(asking.agent)
  const opened = (tools: readonly string[]) =>
    Effect.gen(function* () {
      if (!asking.agent.installed) return yield* Effect.dieMessage(asking.agent.reason)
      const steps = tools.flatMap((tool) => [asking.calls(tool), asking.says("done")])
      const model = yield* asking.server(({ userText }) =>
        userText === ready ? asking.says("yes") : (steps.shift() ?? asking.says("done")),
      )
      const home = yield* asking.home(model.baseUrl)
      const driver = asking.driver(asking.agent, home)
      const of = new OrchestratorFixture({ driver, settings: asking.settings })
      yield* Effect.orDie(of.open())
      yield* Effect.orDie(of.createThread(id("thread"), home.cwd))
      /** What the tool server was answered, as the model is told. */
      const told = () => JSON.stringify(model.requests().at(-1)?.body).replaceAll("\\", "")
      // An agent starts its tool servers beside its first turn: on a busy machine that turn has no tools of theirs yet.
      let turns = 0
      do {
        yield* of.send(ready)
        turns += 1
        yield* ended(of, turns)
      } while (!told().includes(`mcp__${name}`))
      return { of, told, turns }
    })
  type Opened = Effect.Effect.Success<ReturnType<typeof opened>>

  const form = ({ of, told, turns }: Opened) =>
    Effect.gen(function* () {
      yield* of.send("please")
      const requestId = yield* openRequest(of)
      const { requests } = yield* of.work()
      expect(requests).toMatchObject([{ kind: "elicitation", title: "Who are you?" }])
      const { questions = [] } = Schema.decodeUnknownSync(Asked)(requests[0]?.data)
      // Codex sorts the members of a form.
      expect(questions?.toSorted((one, other) => (one.id < other.id ? -1 : 1))).toMatchObject([
        { id: "age", type: "integer", minimum: 0, maximum: 150 },
        { id: "colour", options: [{ label: "red" }, { label: "blue" }] },
        { id: "name", required: true, minLength: 2 },
        { id: "sure", type: "boolean" },
      ])
      const answer = (answers: object) =>
        of.dispatch({ type: "request.respond", requestId, decision: "accept", data: { answers } })
      for (const wrong of [
        {},
        { name: ["x"] },
        { name: ["Ann"], age: ["old"] },
        { name: ["Ann"], colour: ["green"] },
      ]) {
        expect(yield* Effect.flip(answer(wrong))).toMatchObject({ reason: "answer-not-taken" })
      }
      yield* answer({ name: ["Ann"], age: ["42"], colour: ["blue"], sure: ["true"] })
      const { requests: after } = yield* ended(of, turns + 1)
      expect(after).toMatchObject([{ status: "answered", decision: "accept" }])
      for (const member of ['"name":"Ann"', '"age":42', '"colour":"blue"', '"sure":true'])
        expect(told()).toContain(member)
    })

  const refused = ({ of, told, turns }: Opened) =>
    Effect.gen(function* () {
      for (const [index, decision] of (["decline", "cancel"] as const).entries()) {
        const { turnId } = yield* of.send("please")
        yield* of.dispatch({ type: "request.respond", requestId: yield* openRequest(of), decision })
        const { requests } = yield* ended(of, turns + index + 2)
        expect(rowsOf(turnId)(requests)).toMatchObject([{ status: "answered", decision }])
        expect(told()).toContain(`"action":"${decision}"`)
      }
    })

  const visit = ({ of, told, turns }: Opened) =>
    Effect.gen(function* () {
      yield* of.send("please")
      const requestId = yield* openRequest(of)
      const { requests } = yield* of.work()
      expect(requests).toMatchObject([
        { kind: "elicitation", title: "Open this page", data: { url: "https://example.invalid/visit?id=1" } },
      ])
      yield* of.dispatch({ type: "request.respond", requestId, decision: "accept" })
      yield* ended(of, turns + 4)
      expect(told().split('"action":"accept"')).toHaveLength(3)
    })

  const interrupted = ({ of, turns: before }: Opened) =>
    Effect.gen(function* () {
      const { turnId } = yield* of.send("please")
      yield* openRequest(of)
      yield* of.dispatch({ type: "turn.interrupt" })
      const { requests, turns } = yield* ended(of, before + (hasUrl ? 5 : 4))
      expect(rowsOf(turnId)(turns)).toMatchObject([{ outcome: "interrupted" }])
      expect(requests.map(({ status }) => status)).not.toContain("open")
    })

  const address = hasUrl ? ", shows the address that one wants opened" : ""
  // One process says it all: each start of a real agent takes a second of a core.
  real(`${title} shows forms, hands on what fits, tells a refusal${address}, and closes a question with its turn`, () =>
    Effect.gen(function* () {
      const all = yield* opened(["form", "form", "form", ...(hasUrl ? ["visit"] : []), "form"])
      yield* form(all)
      yield* refused(all)
      if (hasUrl) yield* visit(all)
      yield* interrupted(all)
      yield* checked(all.of)
    }),
  )
}

askingStories({
  title: "the real Codex with a tool server that asks",
  agent: installedAgent("codex"),
  home: (baseUrl) =>
    codexHome({
      baseUrl,
      approvalPolicy: "on-request",
      more: `[mcp_servers.${name}]\ncommand = ${JSON.stringify(command)}\nargs = ${JSON.stringify(args)}\ndefault_tools_approval_mode = "approve"`,
    }),
  server: (script) => OpenAi.server({ script }),
  driver: (agent, { env }) => makeCodexDriver({ command: agent.command, args: [...agent.args, "app-server"], env }),
  settings: { approvalPolicy: "on-request" },
  calls: (tool) => OpenAi.tool(tool, {}, { namespace: `mcp__${name}` }),
  says: OpenAi.plain,
  hasUrl: true,
})

const claude = {
  home: (baseUrl: string) => claudeHome({ baseUrl }),
  server: (script: Script) => Anthropic.server({ script }),
  calls: (tool: string) => Anthropic.tool(`mcp__${name}__${tool}`, {}),
  says: Anthropic.plain,
} as const

askingStories({
  ...claude,
  title: "the real Claude with a tool server that asks",
  agent: installedAgent("claude"),
  driver: ({ module }, { env }) => makeClaudeDriver({ sdk: module, env, limits: { graceMs: 500 } }),
  settings: { mcpServers: { [name]: { type: "stdio", command, args } }, allowedTools: [`mcp__${name}`] },
  hasUrl: true,
})

/** A home whose settings allow the tools of the server: to ask the user needs no permission beside. */
const allowing = (baseUrl: string) =>
  Effect.tap(claudeHome({ baseUrl }), ({ folder }) =>
    Effect.sync(() => {
      mkdirSync(join(folder, ".claude"), { recursive: true })
      const settings = { permissions: { allow: [`mcp__${name}`] } }
      writeFileSync(join(folder, ".claude", "settings.json"), JSON.stringify(settings))
    }),
  )

askingStories({
  ...claude,
  home: allowing,
  title: "a real ACP agent with a tool server that asks",
  agent: installedAgent("acp"),
  driver: (agent, { env }) =>
    makeAcpDriver({ name: "acp", command: agent.command, args: agent.args, env, limits: { graceMs: 500 } }),
  settings: { mcpServers: [{ name, command, args, env: [] }] },
  // The version of the Claude agent that is in it lets tool servers ask by forms alone.
  hasUrl: false,
})
