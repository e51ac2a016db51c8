import { connect } from "node:net"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { ask, joined, typesOf } from "../../test/sse.js"
import { makeHold } from "./Hold.js"
import * as OpenAi from "./openai/OpenAi.js"
import { refusedPort } from "./refusedPort.js"

const body = (text: string) => ({ stream: true, input: [{ role: "user", content: text }] })

const say = (server: { readonly baseUrl: string }, text = "hi") =>
  Effect.promise(() => ask(`${server.baseUrl}/responses`, body(text)))

/** What becomes of a TCP connection to this port: `open`, or the error's code. */
const tryPort = (port: number) =>
  Effect.async<string>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed("open"))
    })
    socket.once("error", (error) => resume(Effect.succeed("code" in error ? String(error.code) : error.message)))
  })

it.scoped("steps are used in order, can be added, and their lack is answered and counted", () =>
  Effect.gen(function* () {
    const server = yield* OpenAi.server({ script: [OpenAi.plain("one")] })
    server.enqueue(OpenAi.plain("two"))
    expect(server.remaining()).toBe(2)
    const texts = [yield* say(server), yield* say(server)].map((answer) =>
      joined(answer, "response.output_text.delta", "delta"),
    )
    expect(texts).toEqual(["one", "two"])
    const third = yield* say(server)
    expect(third).toMatchObject({ status: 400, events: [{ error: { type: "invalid_request_error" } }] })
    expect([server.remaining(), server.unscripted()]).toEqual([0, 1])
  }),
)

it.scoped("a function answers by what is asked; one that throws is reported to the agent", () =>
  Effect.gen(function* () {
    const server = yield* OpenAi.server({
      script: ({ userText }) => {
        if (userText === "bad") throw new Error("no such case")
        return OpenAi.plain(`you said ${userText}`)
      },
    })
    const answers = yield* Effect.all([say(server, "a"), say(server, "b")], { concurrency: 2 })
    expect(answers.map((answer) => joined(answer, "response.output_text.delta", "delta"))).toEqual([
      "you said a",
      "you said b",
    ])
    expect((yield* say(server, "bad")).events).toMatchObject([
      { error: { message: expect.stringContaining("no such case") } },
    ])
  }),
)

it.scoped("waits for the n-th request; keeps the last ones, and says so of those it no longer has", () =>
  Effect.gen(function* () {
    const server = yield* OpenAi.server({ script: () => OpenAi.status(400) })
    const second = yield* Effect.fork(server.request(2))
    for (let index = 1; index <= 300; index += 1) yield* say(server, `text ${index}`)
    expect((yield* second).userText).toBe("text 2")
    expect((yield* server.request(300)).userText).toBe("text 300")
    expect([server.requests().length, server.requests()[0]?.ordinal]).toEqual([256, 45])
    expect(Exit.isFailure(yield* Effect.exit(server.request(3)))).toBe(true)
  }),
)

it.scoped("what is not for the model is answered or refused, and noted", () =>
  Effect.gen(function* () {
    const server = yield* OpenAi.server()
    const models = yield* Effect.promise(() => fetch(`${server.baseUrl}/models?client_version=1`))
    const nothing = yield* Effect.promise(() => fetch(`${server.baseUrl}/nothing`, { method: "POST", body: "x" }))
    expect([models.status, nothing.status]).toEqual([200, 404])
    expect(server.others()).toEqual(["GET /v1/models", "POST /v1/nothing"])
    expect(server.requests()).toEqual([])
  }),
)

it.effect("closing the scope ends open streams at once, and the port is free again", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const hold = makeHold()
    const server = yield* Scope.extend(OpenAi.server({ script: [OpenAi.hang(hold)] }), scope)
    const asking = yield* Effect.fork(say(server))
    yield* hold.reached
    yield* Scope.close(scope, Exit.void)
    const answer = yield* asking
    expect(answer.whole).toBe(false)
    expect(yield* tryPort(server.port)).toBe("ECONNREFUSED")
    const again = yield* Effect.scoped(
      Effect.flatMap(OpenAi.server({ port: server.port, script: [OpenAi.plain("back")] }), say),
    )
    expect(typesOf(again).at(-1)).toBe("response.completed")
  }),
)

it.scoped("dropped connections end their streams; the server goes on", () =>
  Effect.gen(function* () {
    const hold = makeHold()
    const server = yield* OpenAi.server({ script: [OpenAi.hang(hold), OpenAi.plain("on")] })
    const asking = yield* Effect.fork(say(server))
    yield* hold.reached
    server.dropConnections()
    expect((yield* asking).whole).toBe(false)
    yield* hold.left
    expect(joined(yield* say(server), "response.output_text.delta", "delta")).toBe("on")
  }),
)

it.effect("a refused port refuses as long as its scope is open, and a server can come up there afterwards", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const port = yield* Scope.extend(refusedPort, scope)
    expect(yield* tryPort(port)).toBe("ECONNREFUSED")
    expect(yield* tryPort(port)).toBe("ECONNREFUSED")
    yield* Scope.close(scope, Exit.void)
    const answer = yield* Effect.scoped(Effect.flatMap(OpenAi.server({ port, script: [OpenAi.plain("up")] }), say))
    expect(joined(answer, "response.output_text.delta", "delta")).toBe("up")
  }),
)
