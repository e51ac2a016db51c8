import { describe, expect, it } from "@effect/vitest"
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"
import { makeThreadfold } from "./index.js"

// Nothing listens there: a call that were sent would fail otherwise.
const server = makeThreadfold({ url: "http://127.0.0.1:1", token: "t" }, { patienceMs: 0 })
const id = "01990000-0000-7000-8000-000000000001"

/** A value as a program without types would pass it. */
const loosely = (value: unknown): never => value as never

describe("a call that is not valid for the API", () => {
  it.effect.each<Case>([
    [
      "a parameter of another name",
      (s: Server) => s.call((api) => api.threads.list({ urlParams: loosely({ limt: 5 }) })),
      '"limt"; the nearest is "limit"',
    ],
    [
      "a filter of another value",
      (s: Server) => s.call((api) => api.threads.list({ urlParams: loosely({ status: "idel" }) })),
      '"idel"; the nearest is "idle"',
    ],
    ["a limit that is none", (s: Server) => s.call((api) => api.threads.list({ urlParams: { limit: 0 } })), "limit"],
    [
      "a body of another field",
      (s: Server) => s.sendMessage(id, loosely({ text: "t", mod: "queue" })),
      '"mod"; the nearest is "mode"',
    ],
    ["a body without its text", (s: Server) => s.sendMessage(id, loosely({})), "text"],
    [
      "a thread with an unknown field",
      (s: Server) => s.createThread(loosely({ agent: "a", cwdd: "/" })),
      '"cwdd"; the nearest is "cwd"',
    ],
    [
      "a key that is too long",
      (s: Server) => s.archiveThread(id, { idempotencyKey: "k".repeat(300) }),
      "Idempotency-Key",
    ],
  ])("fails as invalid-request and is not sent: %s", ([, call, said]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(call(yield* server))
      expect(failure).toBeInstanceOf(Problem)
      expect(failure).toMatchObject({ slug: "invalid-request", detail: expect.stringContaining(said) })
    }),
  )

  it.effect("a call that is right is sent", () =>
    Effect.gen(function* () {
      const { call } = yield* server
      const failure = yield* Effect.flip(
        call((api) => api.threads.list({ urlParams: { limit: 5, status: "idle", archived: true } })),
      )
      expect(failure).toMatchObject({ _tag: "Unavailable" })
    }),
  )
})

type Case = readonly [string, (server: Server) => Effect.Effect<unknown, unknown>, string]
type Server = Effect.Effect.Success<typeof server>
