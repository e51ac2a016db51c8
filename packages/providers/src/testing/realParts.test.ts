/** Images, files, skills and slash commands, given to the real agents: their model gets the very bytes. The model is a mock on this machine. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import type { Step } from "@threadfold/testkit"
import { Anthropic, type InstalledAgent, installedAgent, OpenAi, samplePng } from "@threadfold/testkit"
import { Effect, type Scope } from "effect"
import { realAgent } from "../../test/support/acpSubject.js"
import { realClaude } from "../../test/support/claudeSubject.js"
import { asking, realCodex } from "../../test/support/codexSubject.js"
import type { DrivenPart, ProviderDriver } from "../ProviderDriver.js"
import { ofType, watch } from "./Watched.js"

const png = samplePng()
const data = png.toString("base64")

interface Real {
  readonly driver: ProviderDriver
  readonly home: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }
  readonly model: {
    readonly enqueue: (...steps: readonly Step[]) => void
    readonly request: (ordinal: number) => Effect.Effect<{ readonly body: unknown }>
  }
}

/** What the model of an agent is asked when the agent is given these parts. */
const asked = <E>(
  make: Effect.Effect<Real, E, Scope.Scope>,
  answer: Step,
  parts: (cwd: string) => readonly DrivenPart[],
  settings: Readonly<Record<string, unknown>> = {},
  prepare: (real: Real) => void = () => undefined,
) =>
  Effect.gen(function* () {
    const real = yield* make
    const { driver, home, model } = real
    prepare(real)
    model.enqueue(answer)
    const connection = yield* driver.connect({ connectionId: "c", marks: {}, cwd: home.cwd })
    const watched = yield* watch(connection)
    const { nativeThreadId } = yield* connection.startThread({ threadId: "T", cwd: home.cwd, settings })
    yield* connection.sendTurn({ nativeThreadId, turnId: "t", text: "look", parts: parts(home.cwd) })
    yield* watched.until(ofType("turn.completed"))
    return { body: JSON.stringify((yield* model.request(1)).body), events: JSON.stringify(watched.all()), driver }
  })

const image: DrivenPart = { type: "image", mediaType: "image/png", bytes: png, path: null }
const looking = (cwd: string): readonly DrivenPart[] => {
  mkdirSync(join(cwd, "src"), { recursive: true })
  writeFileSync(join(cwd, "src", "a.txt"), "words of the file")
  return [
    { type: "text", text: "look at this" },
    image,
    { type: "file", path: join(cwd, "src", "a.txt"), bytes: Buffer.from("words of the file") },
    { type: "directory", path: join(cwd, "src") },
  ]
}

const codex = installedAgent("codex")
const claude = installedAgent("claude")
const acp = installedAgent("acp")
const present = (agent: InstalledAgent | { readonly installed: false; readonly reason: string }) =>
  agent.installed ? agent : null

describe.runIf(codex.installed)("the real Codex", () => {
  it.scopedLive("gives its model the very bytes of an image, and the paths that are mentioned", () =>
    Effect.gen(function* () {
      const agent = present(codex)
      if (agent === null) return
      const { body, events } = yield* asked(realCodex(agent), OpenAi.plain("Seen."), looking, asking)
      expect(body).toContain(`data:image/png;base64,${data}`)
      expect(body).toContain("look at this")
      expect(body).toContain("src/a.txt")
      // Its events name the file of the image, and do not repeat the bytes.
      expect(events).not.toContain(data)
    }),
  )

  it.scopedLive("is given a skill by its name, and refuses one that it does not have", () =>
    Effect.gen(function* () {
      const agent = present(codex)
      if (agent === null) return
      const skill = (name: string): readonly DrivenPart[] => [
        { type: "skill", name },
        { type: "text", text: "go" },
      ]
      const install = ({ home }: Real): void => {
        const folder = join(home.env.CODEX_HOME ?? home.cwd, "skills", "knitting")
        mkdirSync(folder, { recursive: true })
        writeFileSync(
          join(folder, "SKILL.md"),
          "---\nname: knitting\ndescription: How to knit.\n---\n\nKnit one, purl one.\n",
        )
      }
      const { body } = yield* asked(realCodex(agent), OpenAi.plain("Done."), () => skill("knitting"), asking, install)
      expect(body).toContain("Knit one, purl one.")
      const refused = yield* Effect.either(
        asked(realCodex(agent), OpenAi.plain("Done."), () => skill("weaving"), asking, install),
      )
      expect(refused).toMatchObject({ left: { _tag: "Refused", message: expect.stringContaining("weaving") } })
    }),
  )
})

describe.runIf(claude.installed)("the real Claude agent", () => {
  it.scopedLive("gives its model the very bytes of an image, and the files that are mentioned", () =>
    Effect.gen(function* () {
      const agent = present(claude)
      if (agent === null) return
      const { body } = yield* asked(realClaude(agent), Anthropic.plain("Seen."), looking)
      expect(body).toContain(data)
      expect(body).toContain("look at this")
      expect(body).toContain("words of the file")
    }),
  )

  it.scopedLive("runs a slash command with its arguments", () =>
    Effect.gen(function* () {
      const agent = present(claude)
      if (agent === null) return
      const parts = (cwd: string): readonly DrivenPart[] => {
        mkdirSync(join(cwd, ".claude", "commands"), { recursive: true })
        writeFileSync(join(cwd, ".claude", "commands", "knit.md"), "Knit one, purl $ARGUMENTS.\n")
        return [{ type: "command", name: "knit", arguments: "seven" }]
      }
      const { body } = yield* asked(realClaude(agent), Anthropic.plain("Done."), parts)
      expect(body).toContain("knit")
      expect(body).toContain("seven")
    }),
  )
})

describe.runIf(acp.installed)("a real ACP agent", () => {
  it.scopedLive("gives its model the very bytes of an image, and the files that are mentioned", () =>
    Effect.gen(function* () {
      const agent = present(acp)
      if (agent === null) return
      const { body, driver } = yield* asked(realAgent(agent), Anthropic.plain("Seen."), looking)
      expect(body).toContain(data)
      expect(body).toContain("look at this")
      expect(body).toContain("a.txt")
      expect([driver.capabilities.images, driver.capabilities.unknown]).toEqual([true, []])
    }),
  )
})
