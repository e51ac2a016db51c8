// @vitest-environment happy-dom
/** A question as a person meets it: what can be pressed, and when. */
import type { RequestDetail } from "@threadfold/contracts"
import { act, createElement } from "react"
import { createRoot } from "react-dom/client"
import { afterEach, expect, it, vi } from "vitest"
import { QuestionCard } from "../src/requests/QuestionCard.js"
import { type Fetch, Session } from "../src/session/Session.js"
import { makeServices, PageProvider } from "../src/shell/PageContext.js"

const question: RequestDetail = {
  threadId: "t",
  requestId: "r",
  nativeRequestId: null,
  turnId: null,
  itemId: null,
  kind: "user_input",
  status: "open",
  decision: null,
  decidedBy: null,
  answer: null,
  lastError: null,
  cause: null,
  title: "Which?",
  data: null,
  openedAt: 1,
  endedAt: null,
  version: 1,
}

let end: (() => Promise<void>) | null = null
afterEach(async () => {
  await end?.()
  end = null
})

/** The card of a question, as a server gives it by `fetch`. */
const shown = async (fetch: Fetch) => {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true
  const keys = { read: async () => null, write: async () => {}, clear: async () => {} }
  const services = makeServices(new Session(keys, fetch))
  const place = document.createElement("div")
  document.body.append(place)
  const root = createRoot(place)
  const card = createElement(QuestionCard, { requestId: "r" })
  await act(async () => root.render(createElement(PageProvider, { children: card, services })))
  end = async () => {
    await act(async () => root.unmount())
    place.remove()
    globalThis.IS_REACT_ACT_ENVIRONMENT = false
  }
  const until = (what: () => void) =>
    vi.waitFor(async () => {
      await act(async () => {})
      what()
    })
  const buttons = () => [...place.querySelectorAll("button[type=button]")].map((button) => button.textContent)
  return { buttons, place, until }
}

it.each(["__proto__", "constructor", "toString"])(
  "shows a question whose id is %s, and sends its answer",
  async (id) => {
    const data = {
      choices: [{ decision: "answer", means: "answer" }],
      questions: [{ id, text: "Colour?", options: [{ label: "red" }] }],
    }
    const sent: string[] = []
    const { place, until } = await shown(async (_path, init) => {
      if (init?.method === "POST") sent.push(String(init.body))
      return Response.json({ ...question, data })
    })
    await until(() => expect(place.textContent).toContain("Colour?"))
    await act(async () => place.querySelector<HTMLInputElement>("input[type=radio]")?.click())
    await act(async () => place.querySelector<HTMLButtonElement>("form button[type=button]")?.click())
    await until(() => expect(sent).toEqual([`{"decision":"answer","data":{"answers":{"${id}":["red"]}}}`]))
  },
)

it("offers nothing to press until the rest of a long question is read, then what the agent offers", async () => {
  const text = JSON.stringify({ choices: [{ decision: "only", label: "Only \u202Ethis" }], data: { command: "ls" } })
  let give = () => {}
  const rest = new Promise<void>((resolve) => {
    give = resolve
  })
  const { buttons, place, until } = await shown(async (path) => {
    if (!path.includes("/text")) {
      return Response.json({
        ...question,
        truncated: { data: { bytes: text.length, href: "/v1/requests/r/text?field=data" } },
      })
    }
    await rest
    return Response.json({ text, bytes: text.length, next: null })
  })
  await until(() => expect(place.textContent).toContain("Reading the rest of the question…"))
  expect(place.querySelectorAll("button, input, textarea").length).toBe(0)
  give()
  await until(() => expect(buttons()).toEqual(["Only ⟨U+202E⟩this"]))
  expect(place.querySelector("pre")?.textContent).toBe("ls")
})
