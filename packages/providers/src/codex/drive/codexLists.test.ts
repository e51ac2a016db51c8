/** What Codex says of itself: what is read of its answers, and what is none. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { codexLists } from "./codexLists.js"

/** The lists of a program that gives these answers, by method. */
const answering = (answers: Readonly<Record<string, unknown>>) =>
  codexLists((method) => Effect.succeed(answers[method]))

const methods = {
  models: "model/list",
  skills: "skills/list",
  account: "account/read",
  limits: "account/rateLimits/read",
  mcp: "mcpServerStatus/list",
} as const
const names = ["models", "skills", "account", "limits", "mcp"] as const

/** Whether a list of this program can be read; else why not. */
const read = (name: (typeof names)[number], answer: unknown) => {
  const asking: Effect.Effect<unknown, unknown> = answering({ [methods[name]]: answer })[name] ?? Effect.fail("no list")
  return Effect.match(asking, { onFailure: (failure) => failure, onSuccess: () => "read" })
}

describe("a list of Codex", () => {
  it.effect("is refused where the answer is of no known form: it is not empty then", () =>
    Effect.gen(function* () {
      for (const name of names) {
        for (const wrong of ["nonsense", null, 7, []]) {
          expect(yield* read(name, wrong), name).toMatchObject({ _tag: "Refused", operation: "list" })
        }
      }
      for (const name of ["models", "skills", "mcp"] as const) {
        expect(yield* read(name, { data: "none" }), name).toMatchObject({ _tag: "Refused" })
      }
    }),
  )

  it.effect("may be empty, and leaves out what is no entry", () =>
    Effect.gen(function* () {
      for (const name of names) expect(yield* read(name, { data: [], nextCursor: null }), name).toBe("read")
      const { models = Effect.succeed([]) } = answering({ "model/list": { data: [null, 1, { model: "m" }] } })
      expect((yield* models).map(({ model }) => model)).toEqual(["m"])
    }),
  )
})
