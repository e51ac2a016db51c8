import type { RequestDetail } from "@threadfold/contracts"
import type { RowChanges } from "@threadfold/contracts/api"
import { expect, it, vi } from "vitest"
import type { Api, CommandCall } from "../api/Api.js"
import { notReached, PageProblem } from "../api/PageProblem.js"
import { choicesOf } from "./answers.js"
import { Requests } from "./Requests.js"

const question: RequestDetail = {
  threadId: "t",
  requestId: "r",
  nativeRequestId: null,
  turnId: null,
  itemId: null,
  kind: "command_approval",
  status: "open",
  decision: null,
  decidedBy: null,
  answer: null,
  lastError: null,
  cause: null,
  title: "ls",
  data: null,
  openedAt: 1,
  endedAt: null,
  version: 1,
}

/** A server with one question, of which the first answer wins. */
const makeServer = () => {
  const server = {
    now: question,
    keys: [] as string[],
    reads: 0,
    fail: null as PageProblem | null,
  }
  const get = async () => {
    server.reads += 1
    return server.now
  }
  const command = async (_path: string, body: unknown, { key }: CommandCall) => {
    server.keys.push(key)
    if (server.fail !== null) throw server.fail
    if (server.now.status !== "open") {
      throw new PageProblem(409, "request-ended", "The request was answered otherwise", "It is answered.", "Read it.")
    }
    const { decision } = body as { readonly decision: string }
    server.now = { ...server.now, status: "answering", decision, decidedBy: "client", version: server.now.version + 1 }
    return {}
  }
  const requests = new Requests({ get: get as Api["get"], command: command as Api["command"] })
  return { server, requests }
}

const changeOf = (requestId: string): RowChanges => ({
  streamId: "t",
  sequence: 2,
  changes: [{ table: "requests", key: [requestId], row: { requestId } }],
})

const statusOf = (requests: Requests): string | undefined => {
  const shown = requests.shown.get("r")
  return shown !== undefined && "request" in shown ? shown.request.status : undefined
}

it("shows an answer when the server has taken it", async () => {
  const { requests } = makeServer()
  requests.want("r")
  await vi.waitFor(() => expect(statusOf(requests)).toBe("open"))
  const given = requests.answer("r", "accept")
  expect(requests.answers.get("r")).toEqual({ kind: "sending", decision: "accept" })
  expect(await given).toEqual({ kind: "taken", decision: "accept" })
  expect(statusOf(requests)).toBe("answering")
})

it("tells the one who is late what was decided", async () => {
  const { requests, server } = makeServer()
  requests.want("r")
  await vi.waitFor(() => expect(statusOf(requests)).toBe("open"))
  server.now = { ...question, status: "answered", decision: "decline", decidedBy: "client", version: 5 }
  expect((await requests.answer("r", "accept")).kind).toBe("late")
  expect(requests.shown.get("r")).toMatchObject({ request: { decision: "decline", decidedBy: "client" } })
})

it("sends an answer that got lost again under the same key, and another one under another", async () => {
  const { requests, server } = makeServer()
  requests.want("r")
  server.fail = notReached()
  expect((await requests.answer("r", "accept")).kind).toBe("refused")
  await requests.answer("r", "accept")
  await requests.answer("r", "decline")
  server.fail = null
  const [first, second, third] = server.keys
  expect([second === first, third === first]).toEqual([true, false])
})

it("sends a second answer only when the first has come back", async () => {
  const { requests, server } = makeServer()
  requests.want("r")
  await Promise.all([requests.answer("r", "accept"), requests.answer("r", "decline")])
  expect([server.keys.length, server.now.decision]).toEqual([1, "accept"])
})

it("reads what is shown when it changes, and nothing else", async () => {
  const { requests, server } = makeServer()
  const leave = requests.want("r")
  await vi.waitFor(() => expect(server.reads).toBe(1))
  requests.changed(changeOf("other"))
  server.now = { ...question, status: "expired", version: 2 }
  requests.changed(changeOf("r"))
  await vi.waitFor(() => expect(statusOf(requests)).toBe("expired"))
  leave()
  const { reads } = server
  requests.changed(changeOf("r"))
  requests.restarted()
  expect(server.reads).toBe(reads)
})

/** A server with a question of which only the beginning rides along. */
const makeLong = (data: unknown) => {
  const text = JSON.stringify(data)
  const cut = { ...question, truncated: { data: { bytes: text.length, href: "/v1/requests/r/text?field=data" } } }
  const server = { now: cut, reads: 0, rests: [] as (() => void)[], fail: null as PageProblem | null, bytes: text }
  const get = async (path: string, query: { readonly offset?: number; readonly limit?: number } = {}) => {
    if (!path.endsWith("/text")) {
      server.reads += 1
      return server.now
    }
    await new Promise<void>((resolve) => server.rests.push(resolve))
    if (server.fail !== null) throw server.fail
    const { limit = 0, offset = 0 } = query
    const end = offset + limit
    return {
      text: server.bytes.slice(offset, end),
      bytes: server.bytes.length,
      next: end < server.bytes.length ? end : null,
    }
  }
  const requests = new Requests({ get: get as Api["get"], command: (async () => ({})) as Api["command"] })
  requests.want("r")
  const giveRest = async () => {
    await vi.waitFor(() => expect(server.rests.length).toBeGreaterThan(0))
    server.rests.shift()?.()
  }
  return { giveRest, requests, server }
}

const longData = {
  choices: [{ decision: "only_this", label: "Only this" }],
  questions: [{ id: "q", text: "x".repeat(1_000) }],
}

it("is not whole, and takes no answer, until the rest of it is read", async () => {
  const { giveRest, requests } = makeLong(longData)
  await vi.waitFor(() => expect(requests.shown.get("r")).toMatchObject({ isWhole: false, request: { data: null } }))
  await giveRest()
  await vi.waitFor(() => expect(requests.shown.get("r")).toMatchObject({ isWhole: true, request: { data: longData } }))
  const shown = requests.shown.get("r")
  const choices = shown !== undefined && "request" in shown ? choicesOf(shown.request) : []
  expect(choices.map(({ decision }) => decision)).toEqual(["only_this"])
})

it("reads the rest of a question once, however often the question changes", async () => {
  const { giveRest, requests, server } = makeLong(longData)
  await giveRest()
  await vi.waitFor(() => expect(requests.shown.get("r")).toMatchObject({ isWhole: true }))
  server.now = { ...server.now, status: "answered", decision: "only_this", version: 2 }
  requests.changed(changeOf("r"))
  await vi.waitFor(() => expect(statusOf(requests)).toBe("answered"))
  expect(requests.shown.get("r")).toMatchObject({ isWhole: true, request: { data: longData } })
  expect([server.reads, server.rests.length]).toEqual([2, 0])
})

it("says why the rest cannot be read, and reads it when it is asked again", async () => {
  const { giveRest, requests, server } = makeLong(longData)
  server.fail = notReached()
  await giveRest()
  await vi.waitFor(() => expect(requests.shown.get("r")).toMatchObject({ problem: { title: server.fail?.title } }))
  server.fail = null
  requests.restarted()
  await giveRest()
  await vi.waitFor(() => expect(requests.shown.get("r")).toMatchObject({ isWhole: true, request: { data: longData } }))
})
