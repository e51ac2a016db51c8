/** Lists as lines of JSON and as CSV, by `Accept`. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { attach, callText, push, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)

const filled = Effect.gen(function* () {
  const { body } = yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })
  const line = (seq: number, type: string, payload: object, native: object) =>
    ({ type, channel: "adapter:test", seq, at: 1_700_000_000_000 + seq, native, payload }) as const
  yield* push(session, [
    line(1, "turn.started", {}, { turnId: "t1" }),
    ...["a,b", 'say "yes"', "two\nlines"].map((text, at) =>
      line(
        at + 2,
        "item.completed",
        { kind: "agent_message", status: "completed", text },
        { turnId: "t1", itemId: `i${at}` },
      ),
    ),
  ])
  return body.threadId
})

const as = (accept: string, path: string) => callText(path, { headers: { accept } })

describe("a list by Accept", () => {
  it.live("is lines of JSON, or CSV with a header, and Link leads on", () =>
    Effect.gen(function* () {
      const threadId = yield* filled
      const path = `/v1/threads/${threadId}/items?fields=kind,text,turnId&order=asc`
      const lines = yield* as("application/x-ndjson", `${path}&limit=2`)
      expect(lines.headers.get("content-type")).toBe("application/x-ndjson")
      expect(
        lines.text
          .trimEnd()
          .split("\n")
          .map((each) => JSON.parse(each).text),
      ).toEqual(["a,b", 'say "yes"'])
      expect(Number(lines.headers.get("sequence"))).toBeGreaterThan(0)
      const next = /^<([^>]+)>; rel="next"/.exec(lines.headers.get("link") ?? "")?.[1] ?? ""
      const rest = yield* as("application/x-ndjson", next)
      expect(
        rest.text
          .trimEnd()
          .split("\n")
          .map((each) => JSON.parse(each).text),
      ).toEqual(["two\nlines"])
      expect(rest.headers.get("link")).toMatch(/^<[^>]+>; rel="prev"$/)

      const table = yield* as("text/csv", `${path.replace(",turnId", "")}`)
      expect(table.text).toBe(
        'kind,text\r\nagent_message,"a,b"\r\nagent_message,"say ""yes"""\r\nagent_message,"two\nlines"\r\n',
      )
      const head = Number(table.headers.get("sequence"))
      const then = yield* as("text/csv", `${path.replace(",turnId", "")}&at=${head}`)
      expect(then.text).toBe(table.text)
      expect((yield* as("text/csv", "/v1/threads")).text).toMatch(/^threadId,title,/)
      expect((yield* as("text/csv", "/v1/inferences")).text).toBe("")
      expect((yield* as("text/csv", "/v1/inferences?fields=model")).text).toBe("model\r\n")
      const plain = yield* as("application/json, text/csv;q=0.5", "/v1/items")
      expect(plain.headers.get("content-type")).toBe("application/json")
    }).pipe(Effect.provide(testServer())),
  )
})
