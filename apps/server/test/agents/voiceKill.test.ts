/**
 * The built server, killed with -9 while the real Codex holds a voice conversation whose handoff is at work. The realtime model and the
 * coding model are servers of ours on loopback.
 */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { makeThreadfold } from "@threadfold/client"
import { CheckReport, strengthOf, VerifyReport } from "@threadfold/contracts"
import { codexHome, installedAgent, makeHold, OpenAi, realtimeServer } from "@threadfold/testkit"
import { Effect, Schedule, Stream } from "effect"
import { describe } from "vitest"
import { document, temporary } from "../cli/program.js"
import { serve } from "../cli/server.js"

const codex = installedAgent("codex")
const why = codex.installed ? "" : ` (skipped: ${codex.reason})`
const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe("a server that is killed in a voice conversation of Codex", () => {
  it.scopedLive.skipIf(!codex.installed || !existsSync("/proc/self/environ"))(
    `has one end of each run, an idle thread, and another handoff after its restart${why}`,
    () =>
      Effect.gen(function* () {
        if (!codex.installed) return
        const hold = makeHold()
        const script = [OpenAi.plain("first"), OpenAi.hang(hold), OpenAi.plain("third")]
        const model = yield* OpenAi.server({ script })
        const realtime = yield* realtimeServer
        const key = 'experimental_bearer_token = "mock-key"'
        const home = yield* codexHome({ baseUrl: model.baseUrl, more: key })
        const directory = temporary()
        const endpoint = `experimental_realtime_ws_base_url="${realtime.origin}"`
        const args = [...codex.args, "app-server", "-c", endpoint]
        const agents = { codex: { kind: "codex", command: codex.command, args, env: home.env } }
        writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents }))
        const booted = Effect.gen(function* () {
          const server = yield* Effect.promise(() => serve(directory))
          return { server, face: yield* makeThreadfold({ url: server.url, token: server.token }) }
        })
        /** Starts a conversation; its socket, once Codex has settled it. */
        const voiceOf = ({ face }: Effect.Effect.Success<typeof booted>, threadId: string, ordinal: number) =>
          Effect.gen(function* () {
            const started = yield* face.voice.start(threadId)
            const socket = yield* realtime.socket(ordinal)
            yield* socket.until((one) => one.of("session.update").length > 0)
            return { socket, started }
          })

        const first = yield* booted
        const told = ({ face }: typeof first, type: string, times: number) =>
          face.events({ types: [type] }).pipe(
            Stream.filter(({ kind }) => kind === "event"),
            Stream.take(times),
            Stream.runDrain,
          )
        const { threadId } = yield* first.face.createThread({ agent: "codex", cwd: home.cwd })
        const one = yield* voiceOf(first, threadId, 1)
        expect(one.started).toMatchObject({ transport: "agent" })
        one.socket.handsOff("call-1", "the first work")
        yield* told(first, "turn.completed", 1)
        one.socket.handsOff("call-2", "work that is killed")
        yield* hold.reached
        yield* told(first, "realtime.handoff", 2)
        // The model may have the call before the log has the turn, which only its agent tells of.
        yield* told(first, "turn.started", 2)
        first.server.child.kill("SIGKILL")
        yield* Effect.promise(() => first.server.ended)

        const second = yield* booted
        const read = second.face.call((api) => api.threads.get({ path: { threadId }, urlParams: {} }))
        const settled = yield* read
        expect(settled.realtimeRuns).toMatchObject([{ realtimeId: one.started.realtimeId, status: "closed" }])
        expect(settled.thread.activeTurnId).toBeNull()
        expect(settled.turns.map(({ outcome }) => outcome)).toEqual(["completed", "interrupted"])
        // The delegation of the killed turn stays open until the end of that turn is final.
        yield* one.socket.gone

        const two = yield* voiceOf(second, threadId, 2)
        // A model may use the name of a call again.
        two.socket.handsOff("call-1", "the third work")
        // Those of the first work and of the third: the killed turn had no word of its agent's.
        yield* told(second, "turn.completed", 2)
        expect(yield* second.face.voice.stop(threadId)).toMatchObject({ realtimeId: two.started.realtimeId })
        // The delegation of the killed turn is closed once the end of that turn is final, which takes its time.
        yield* Effect.repeat(read, {
          until: ({ delegations }) => delegations.every(({ status }) => status === "closed"),
          schedule: Schedule.spaced("50 millis"),
        })
        const snapshot = yield* read
        expect(snapshot.turns.map(({ outcome }) => outcome)).toEqual(["completed", "interrupted", "completed"])
        const native = snapshot.turns.map(({ nativeTurnId }) => nativeTurnId ?? "")
        expect(new Set(native).size).toBe(3)
        for (const turnId of native) expect([turnId, strengthOf(turnId)]).toEqual([turnId, "strong"])
        const ours = snapshot.turns.map(({ turnId }) => turnId)
        expect(new Set(ours).size).toBe(3)
        for (const turnId of [...ours, ...native]) expect(turnId).toMatch(uuidV7)
        expect(snapshot.delegations.map(({ turnId }) => turnId)).toEqual(ours)
        expect(snapshot.delegations.map(({ status }) => status)).toEqual(["closed", "closed", "closed"])
        expect(snapshot.thread).toMatchObject({ status: "idle", activeTurnId: null })
        // One end of each run: the kill ended the first one with its session, which has no word of its own about it.
        const runs = snapshot.realtimeRuns
        expect(runs.map(({ realtimeId, status }) => [realtimeId, status])).toEqual([
          [one.started.realtimeId, "closed"],
          [two.started.realtimeId, "closed"],
        ])
        const page = yield* second.face.call((api) =>
          api.threads.events({
            path: { threadId },
            urlParams: { types: "realtime.closed,realtime.error,realtime.started" },
          }),
        )
        for (const { realtimeId, reason } of runs) {
          const own = page.items.filter((event) => event.realtimeId === realtimeId).map(({ type }) => type)
          const closes = reason === "session_ended" ? [] : ["realtime.closed"]
          expect([reason, own]).toEqual([reason, ["realtime.started", ...closes]])
        }
        expect(snapshot.anomalies).toEqual([])

        second.server.child.stdin?.end()
        expect(yield* Effect.promise(() => second.server.ended)).toBe(0)
        yield* Effect.promise(async () => {
          expect(await document(CheckReport, ["check", "--data-dir", directory])).toMatchObject({ ok: true })
          expect(await document(VerifyReport, ["verify", "--data-dir", directory])).toMatchObject({ ok: true })
        })
      }),
    600_000,
  )
})
