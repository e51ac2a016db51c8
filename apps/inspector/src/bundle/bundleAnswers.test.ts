import { createHash } from "node:crypto"
import { fold, initialState } from "@threadfold/core"
import { MapStore, snapshotOf } from "@threadfold/core/model"
import { beforeAll, describe, expect, it } from "vitest"
import { bundleText, packed } from "../../test/bundleText.js"
import { longThread } from "../../test/longThread.js"
import type { Fetch } from "../session/Session.js"
import { Bundles } from "./Bundles.js"
import { BundleAnswers } from "./bundleAnswers.js"
import { fileNameIn, partsOf } from "./hashAddress.js"
import { OpenBundle, openBundle } from "./OpenBundle.js"
import { readBundle } from "./readBundle.js"

const { events, threadId } = longThread(700)
const long = "ä".repeat(60_000)
const image = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3])
let answers: BundleAnswers

// biome-ignore lint/suspicious/noExplicitAny: what is answered is compared with what it should be.
const get = (path: string): any => {
  const { body, status } = answers.answer(path)
  return { http: status, ...JSON.parse(String(body)) }
}

beforeAll(async () => {
  const changed = events.map((event) =>
    event.type === "item.completed" && event.streamVersion > 650
      ? { ...event, payload: { kind: "agent_message", status: "completed", text: long } }
      : event,
  )
  const text = bundleText({
    streams: { [threadId]: changed },
    bodies: { [events[3]?.eventId ?? ""]: "native text" },
    blobs: [{ mediaType: "image/png", bytes: image }],
  })
  answers = new BundleAnswers(await readBundle(packed(text)))
  await answers.threads.foldAll(() => Promise.resolve())
})

describe("a bundle answers as a server does", () => {
  it("with its threads, and those that a filter leaves", () => {
    const { items, next, sequence } = get("/v1/threads?sort=updatedAt&archived=false&limit=100")
    expect([items.length, next, sequence]).toEqual([1, null, 700])
    expect(items[0]).toMatchObject({ threadId, provider: "codex" })
    for (const query of [
      "text=nothing",
      "archived=true",
      "status=error",
      "parentThreadId=x",
      "agent=claude",
      "cursor=1",
    ]) {
      expect([query, get(`/v1/threads?${query}`).items]).toEqual([query, []])
    }
    expect(get("/v1/inbox?limit=1").items).toEqual([])
  })

  it("with a thread, as it is and as it was, list by list", () => {
    for (const at of [null, 1, 60, 333, 700]) {
      const store = new MapStore()
      let state = initialState(threadId)
      for (const event of events.slice(0, at ?? 640)) {
        const folded = fold(state, { ...event, sequence: event.streamVersion }, store)
        state = folded.state
        store.apply(folded.changes)
      }
      const page = get(`/v1/threads/${threadId}?limit=500${at === null ? "" : `&at=${at}`}`)
      const document = snapshotOf(store.rowsOf(threadId), at ?? 700)
      if (at !== null && at <= 640) {
        expect({ turns: page.turns, items: page.items, thread: page.thread }).toEqual({
          turns: document?.turns,
          items: document?.items,
          thread: document?.thread,
        })
      }
    }
    const all: string[] = []
    const first = get(`/v1/threads/${threadId}?limit=5`)
    all.push(...first.items.map(({ itemId }: { itemId: string }) => itemId).reverse())
    for (let cursor = first.more.items; cursor !== null; ) {
      const page = get(`/v1/threads/${threadId}/items?limit=7&cursor=${encodeURIComponent(cursor)}`)
      all.push(...page.items.map(({ itemId }: { itemId: string }) => itemId))
      cursor = page.next
    }
    expect(all.toReversed()).toEqual(
      get(`/v1/threads/${threadId}?limit=500`).items.map(({ itemId }: { itemId: string }) => itemId),
    )
    expect(get(`/v1/threads/${threadId}/usage`)).toMatchObject({
      http: 200,
      usage: { outputTokens: expect.any(Number) },
    })
  })

  it("with its events, up and down, by type and by page", () => {
    const walk = (path: string, query: string): number[] => {
      const found: number[] = []
      for (let cursor: string | null = ""; cursor !== null; ) {
        const page: { items: { sequence: number }[]; next: string | null } = get(
          `${path}?limit=97&${query}${cursor === "" ? "" : `&cursor=${cursor}`}`,
        )
        found.push(...page.items.map(({ sequence }) => sequence))
        cursor = page.next
      }
      return found
    }
    const all = events.map(({ streamVersion }) => streamVersion)
    for (const path of ["/v1/events", `/v1/threads/${threadId}/events`]) {
      expect(walk(path, "")).toEqual(all)
      expect(walk(path, "order=desc")).toEqual(all.toReversed())
      expect(walk(path, "after=500")).toEqual(all.slice(500))
      const turns = events.flatMap(({ streamVersion, type }) => (type === "turn.started" ? [streamVersion] : []))
      expect(walk(path, "types=turn.started&order=desc")).toEqual(turns.toReversed())
      expect(walk(path, "except=turn.started")).toEqual(all.filter((sequence) => !turns.includes(sequence)))
    }
    expect(get("/v1/events/4?native=true")).toMatchObject({ sequence: 4, nativeBody: "native text" })
    expect(get("/v1/events/5?native=true").nativeBody).toBeNull()
  })

  it("with long texts, part by part, of whole characters", () => {
    const { items } = get(`/v1/threads/${threadId}?limit=500`)
    const item = items.findLast(({ truncated }: { truncated?: object }) => truncated !== undefined)
    expect(item.truncated.text.bytes).toBe(120_000)
    const read = (href: string): string => {
      let text = ""
      for (let offset: number | null = 0; offset !== null; ) {
        const part: { text: string; next: number | null } = get(
          `${href}${href.includes("?") ? "&" : "?"}offset=${offset}&limit=7001`,
        )
        text += part.text
        offset = part.next
      }
      return text
    }
    expect(read(item.truncated.text.href)).toBe(long)
    const { items: shown } = get(`/v1/threads/${threadId}/events?order=desc&types=item.completed&limit=1`)
    expect(JSON.parse(read(shown[0].truncated.payload.href))).toMatchObject({ text: long })
    expect(get(`${item.truncated.text.href}?offset=3&limit=5`).text).toBe("ää")
  })

  it("with why", () => {
    const turn = events.find(({ type }) => type === "turn.started")
    expect(get(`/v1/threads/${threadId}/why?event=${turn?.streamVersion}`)).toMatchObject({
      event: { event: { eventId: turn?.eventId } },
    })
    const why = get(
      `/v1/threads/${threadId}/why?row=${encodeURIComponent(`turns/${turn?.turnId}`)}&field=status&at=100`,
    )
    expect(why.row).toMatchObject({ exists: true, value: "ended" })
  })

  it("with rows by their ids, and images by their hashes", () => {
    const { turns } = get(`/v1/threads/${threadId}?limit=1`)
    expect(get(`/v1/turns/${turns[0].turnId}`)).toMatchObject({ http: 200, threadId })
    expect(get(`/v1/turns/${turns[0].turnId}/changes`)).toMatchObject({ source: "none", items: [] })
    const request = events.find(({ type }) => type === "request.opened")
    expect(get(`/v1/requests/${request?.requestId}`)).toMatchObject({ http: 200, threadId })
    expect(get(`/v1/items/${request?.itemId}`)).toMatchObject({ threadId })
    expect(get(`/v1/sessions/${events[0]?.sessionId}`)).toMatchObject({ threadId })
    const hash = createHash("sha256").update(image).digest("hex")
    expect(answers.answer(`/v1/blobs/${hash}`)).toEqual({ status: 200, type: "image/png", body: image })
    expect(answers.answer(`/v1/blobs/${"0".repeat(64)}`).status).toBe(404)
  })

  it("says what it does not have", () => {
    for (const [path, slug] of [
      ["/v1/threads/none", "thread-not-found"],
      [`/v1/threads/${threadId}?at=0`, "before-first-event"],
      [`/v1/threads/${threadId}/checks`, "not-found"],
      [`/v1/threads/${threadId}/why?event=9999`, "event-not-found"],
      [`/v1/threads/${threadId}/why?row=nonsense`, "resource-not-found"],
      ["/v1/events/0", "event-not-found"],
      ["/v1/events/x/text", "event-not-found"],
      ["/v1/turns/none", "turn-not-found"],
      ["/v1/requests/none", "resource-not-found"],
      ["/v1/rows/sqlite_master/1/text?field=sql", "not-found"],
      ["/v1/rows/items/none/text?field=text", "resource-not-found"],
      ["/v1/rows/anomalies/%7B/text?field=detail", "resource-not-found"],
      ["/v1/search?q=x", "not-found"],
      ["/v1/agents", "not-found"],
      ["/readyz", "not-found"],
    ] as const) {
      const problem = get(path)
      expect([path, problem.type]).toEqual([path, `urn:threadfold:problem:${slug}`])
      expect([problem.http, typeof problem.title, typeof problem.next]).toEqual([404, "string", "string"])
    }
  })
})

it("pauses while a bundle is opened, and not for each of many short threads", async () => {
  const short = longThread(12).events
  const ids = Array.from({ length: 450 }, (_, n) => `01890a5d-ac96-774b-bcce-${String(n).padStart(12, "0")}`)
  const bundle = await readBundle(packed(bundleText({ streams: Object.fromEntries(ids.map((id) => [id, short])) })))
  let pauses = 0
  const { threads } = new BundleAnswers(bundle)
  await threads.foldAll(async () => {
    pauses += 1
  })
  expect([threads.count, pauses]).toEqual([450, 1])
})

describe("an open bundle", () => {
  const facts = { redaction: "masked", threads: 1, events: 2 }
  const worker = (answer: (message: unknown) => unknown) => {
    const asked: unknown[] = []
    let ended = 0
    return {
      asked,
      ended: () => ended,
      ask: (message: unknown) => {
        asked.push(message)
        return Promise.resolve(answer(message))
      },
      end: () => {
        ended += 1
      },
    }
  }

  it("answers calls that read, and refuses those that do something", async () => {
    const one = worker(() => ({ kind: "answer", status: 404, type: "application/json", body: '{"a":1}' }))
    const call: Fetch = new OpenBundle("a.bundle", facts, one).fetch
    const answer = await call("/v1/x")
    expect([answer.status, await answer.json()]).toEqual([404, { a: 1 }])
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      await expect(call("/v1/threads", { method })).rejects.toMatchObject({ status: 405, title: "This is a bundle" })
    }
    expect(one.asked).toEqual(["/v1/x"])
    await expect(call("/v1/x", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" })
  })

  it("asks nothing of its worker once it is closed", async () => {
    const one = worker(() => ({ kind: "answer", status: 200, type: "application/json", body: "{}" }))
    const bundle = new OpenBundle("a.bundle", facts, one)
    bundle.close()
    await expect(bundle.fetch("/v1/x")).rejects.toMatchObject({ name: "AbortError" })
    expect([one.asked, one.ended()]).toEqual([[], 1])
  })

  it("is not there where its file is refused: the worker ends", async () => {
    const refusing = worker(() => ({ kind: "refused", title: "T", detail: "d", next: "n" }))
    const { signal } = new AbortController()
    await expect(openBundle("a", new Blob([]), signal, refusing)).rejects.toMatchObject({
      title: "T",
      detail: "d",
      next: "n",
    })
    const failing = worker(() => Promise.reject(new Error("gone")))
    await expect(openBundle("a", new Blob([]), signal, failing)).rejects.toMatchObject({ title: "The page failed" })
    expect([refusing.ended(), failing.ended()]).toEqual([1, 1])
    const ends = new AbortController()
    const working = worker(() => new Promise(() => undefined))
    void openBundle("a", new Blob([]), ends.signal, working)
    ends.abort()
    expect(working.ended()).toBe(1)
  })

  it("gives way to the one that is opened last, and to nothing that is refused", async () => {
    const opened = new Map<string, (bundle: OpenBundle) => void>()
    const bundles = new Bundles((name) =>
      name === "bad" ? Promise.reject(new Error("no")) : new Promise((resolve) => opened.set(name, resolve)),
    )
    const make = (name: string) => {
      const of = worker(() => null)
      return { bundle: new OpenBundle(name, facts, of), of }
    }
    const [a, b] = [make("a"), make("b")]
    const work = [bundles.open("a", new Blob([])), bundles.open("b", new Blob([]))]
    expect(bundles.state.get().opening).toBe("b")
    opened.get("a")?.(a.bundle)
    await work[0]
    expect([bundles.state.get().shown, a.of.ended()]).toEqual([null, 1])
    bundles.cancel()
    expect(bundles.state.get()).toEqual({ shown: null, opening: null, refused: null })
    opened.get("b")?.(b.bundle)
    await work[1]
    expect([bundles.state.get().shown, b.of.ended()]).toEqual([null, 1])
    await bundles.open("bad", new Blob([]))
    expect(bundles.state.get().refused).toMatchObject({ name: "bad" })
    bundles.forget()
    expect(bundles.state.get().refused).toBeNull()
  })

  it("has addresses of its own behind the page's", () => {
    expect(partsOf("#/threads/a?at=5")).toEqual({ path: "/threads/a", search: "at=5" })
    expect(partsOf("#/log")).toEqual({ path: "/log", search: "" })
    expect(partsOf("")).toEqual({ path: "/", search: "" })
    expect(partsOf("#code=x")).toEqual({ path: "/", search: "" })
  })

  it("has the name of its file, whatever letters that is written in", () => {
    expect(fileNameIn("/home/ada/a%20b%25.html")).toBe("a b%.html")
    expect(fileNameIn("/")).toBe("bundle")
    // A name of another encoding than UTF-8.
    expect(fileNameIn("/home/ada/caf%E9.html")).toBe("caf%E9.html")
  })
})
