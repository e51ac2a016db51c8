/** What a hostile agent or adapter says is text on every view of the page: it runs nothing, asks nobody, and leads nowhere by itself. */
import type { Page } from "playwright-core"
import { expect, it } from "vitest"
import { attach, push } from "../cli/server.js"
import { evaluateIn, follow, PagePerson } from "./PageWindow.js"
import { loggedServer } from "./signInScenes.js"

const elsewhere = "https://elsewhere.example"

/** Texts that have run in pages, each of which would call the test, another host, or a dialog. */
const corpus = [
  "<script>canary('script')</script>",
  "<img src=x onerror=\"canary('img')\">",
  `<img src="${elsewhere}/pixel.png">`,
  "<svg/onload=canary('svg')>",
  "<svg><script>canary('svg script')</script></svg>",
  "<math><mi xlink:href=\"javascript:canary('math')\">x</mi></math>",
  "<iframe srcdoc=\"<script>parent.canary('srcdoc')</script>\"></iframe>",
  `<iframe src="${elsewhere}"></iframe>`,
  '<object data="data:text/html,<script>parent.canary(1)</script>"></object>',
  `<base href="${elsewhere}/">`,
  `<meta http-equiv="refresh" content="0;url=${elsewhere}">`,
  "<style>* { background: url(https://elsewhere.example/style) }</style>",
  `<form action="${elsewhere}"><button>x</button></form>`,
  "<details open ontoggle=canary('details')>",
  "<input autofocus onfocus=canary('focus')>",
  "</textarea></title></style></script><script>canary('closing')</script>",
  "\"><script>canary('attribute')</script>",
  "' onmouseover='canary(1)",
  "javascript:canary('address')",
  "[link](javascript:canary('link'))",
  "[link](JaVaScRiPt&colon;canary('link'))",
  "[link](data:text/html;base64,PHNjcmlwdD5wYXJlbnQuY2FuYXJ5KDEpPC9zY3JpcHQ+)",
  "[link](vbscript:canary)",
  `![image](${elsewhere}/pixel.png)`,
  "![image](javascript:canary('image'))",
  `[![image](${elsewhere}/pixel.png)](javascript:canary('image link'))`,
  `<${elsewhere}/auto> and ${elsewhere}/plain`,
  `[r]: ${elsewhere}/reference\n\n[r] ![r]`,
  "```js\n</code><script>canary('code')</script>\n```",
  "```<img src=x onerror=canary('language')>\nx\n```",
  "| a |\n|-|\n| <img src=x onerror=canary('table')> |",
  "{{constructor.constructor('canary(1)')()}}",
  "__proto__",
  "constructor",
  "\u202egnp.exe\u202c\u2066\u0000\ufffe",
  `\u001b]8;;javascript:canary('osc')\u0007click\u001b]8;;\u0007`,
  `\u001b]8;;${elsewhere}\u001b\\click\u001b]8;;\u001b\\`,
  "\u001b]0;<script>canary('title')</script>\u0007",
  "\u001b[31m<script>canary('ansi')</script>\u001b[0m",
  "\u001b]52;c;Y2FuYXJ5\u0007\u001b[2J\u001b[6n\u001bP$q\u001b\\\u009b31m",
  "a".repeat(4_000),
  "*".repeat(500),
  "[".repeat(500),
  "> ".repeat(250),
] as const

interface Said {
  readonly type: string
  readonly native?: object
  readonly payload?: object
  readonly raw?: string
}

/** A diff of a file, of the text as name, line and context. */
const diffOf = (text: string): string =>
  `--- a/${text}\n+++ b/${text}\n@@ -1,2 +1,2 @@ ${text}\n ${text}\n-${text}\n+${text} new\n`

/** One item of a turn, with its native line. */
const itemOf = (turnId: string, kind: string, id: string, text: string, more: object = {}): Said => ({
  type: "item.completed",
  native: { turnId, itemId: id },
  payload: { kind, status: "completed", nativeKind: text.slice(0, 100), title: text, ...more },
  raw: JSON.stringify({ kind, text }),
})

/** Every text as what a person and an agent say. */
const messages: readonly Said[] = [
  { type: "turn.started", native: { turnId: "messages" } },
  ...corpus.flatMap((text, n) => [
    itemOf("messages", "user_message", `said ${n}`, text, { text }),
    itemOf("messages", "agent_message", `answer ${n}`, text, { text, phase: text.slice(0, 100) }),
  ]),
  { type: "turn.completed", native: { turnId: "messages" }, payload: { outcome: "completed" } },
]

/** Several texts wherever else an agent can put one. */
const workOf = (text: string, n: number): readonly Said[] => {
  const turnId = `turn ${n} ${text}`.slice(0, 200)
  const native = { turnId }
  const item = (kind: string, more: object) => itemOf(turnId, kind, `${kind} ${n}`, text, more)
  return [
    { type: "turn.started", native },
    item("reasoning", { text }),
    item("command", { text, exitCode: 1, status: "failed", data: { command: [text], cwd: text } }),
    item("file_change", { data: { changes: [{ path: text, kind: text, diff: diffOf(text) }] } }),
    item("tool_call", {
      text,
      data: { server: text, tool: text, arguments: { [text]: text }, result: { content: text } },
    }),
    item("web_search", { data: { query: text, url: text } }),
    item("plan", { text }),
    item("subagent", { text, childNativeThreadIds: [text.slice(0, 100)] }),
    item("other", { text, data: { [text]: [text] } }),
    {
      type: "turn.plan.updated",
      native,
      payload: { explanation: text, steps: [{ step: text, status: "inProgress" }] },
    },
    { type: "turn.diff.updated", native, payload: { diff: diffOf(text) } },
    { type: "runtime.warning", native, payload: { message: text } },
    {
      type: "turn.completed",
      native,
      payload: { outcome: "failed", error: { message: text, code: text.slice(0, 100) } },
    },
  ]
}

/** A question that stays open, and one that was answered. */
const questionsOf = (text: string, n: number): readonly Said[] => {
  const payload = {
    kind: "file_change_approval",
    title: text,
    nativeKind: text,
    choices: [
      { decision: text.slice(0, 100), label: text },
      { decision: "accept", means: "accept", label: text },
    ],
    questions: [{ id: "q", header: text, text, options: [{ label: text, description: text }] }],
    changes: [{ path: text, kind: text, diff: diffOf(text) }],
    url: text,
    data: { [text]: text, command: [text], cwd: text, reason: text },
  }
  return [
    { type: "request.opened", native: { requestId: `open ${n}` }, payload, raw: JSON.stringify({ text }) },
    { type: "request.opened", native: { requestId: `ended ${n}` }, payload },
    { type: "request.resolved", native: { requestId: `ended ${n}` }, payload: { decision: text, by: text } },
  ]
}

/** Five texts in one: what shows a text knows nothing of where it came from. */
const groups = Array.from({ length: Math.ceil(corpus.length / 5) }, (_, n) => corpus.slice(5 * n, 5 * n + 5).join("\n"))

const sessionId = "01990000-0000-7000-8000-00000000feed"

/** All that a hostile agent says, one after the other. */
export const hostileEvents = [
  { type: "session.started", payload: { provider: "test", mode: "attached", model: corpus[1], cwd: corpus[1] } },
  { type: "thread.metadata.updated", payload: { title: corpus.slice(0, 3).join(" ") } },
  ...messages,
  ...groups.flatMap(workOf),
  ...groups.flatMap(questionsOf),
  { type: "provider.unmapped", payload: { method: corpus[1], known: false, problem: corpus[1] }, raw: corpus[0] },
].map((event, index) => ({ channel: "adapter:hostile", seq: index + 1, at: 1_700_000_000_000 + index, ...event }))

/** A server to which a hostile agent has said all of it, and the thread. */
export const hostileServer = async () => {
  const { directory, logs, server } = await loggedServer()
  await attach(server, sessionId, "hostile <img src=x onerror=canary('native')>")
  for (let from = 0; from < hostileEvents.length; from += 100) {
    const results = await push(server, sessionId, hostileEvents.slice(from, from + 100))
    expect(results.filter(({ status }) => status !== "appended")).toEqual([])
  }
  const { items } = JSON.parse(await (await server.call("/v1/threads")).text())
  const threadId: string = items[0].threadId
  return { directory, logs, server, threadId }
}

/** Shows all of a list that scrolls, from its end to its beginning, with all that can be opened. */
export const showAll = async (page: Page, scroller: string): Promise<void> => {
  const list = page.getByTestId(scroller)
  for (;;) {
    while ((await page.evaluate<number>(evaluateIn("openAll"))) > 0) await frames(page)
    expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    const top = await list.evaluate((element) => element.scrollTop)
    if (top <= 0) return
    await list.evaluate((element) => {
      element.scrollTop -= element.clientHeight
    })
    await frames(page)
  }
}

/** Waits until the page has drawn what it has. */
export const frames = (page: Page): Promise<unknown> =>
  page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

export const hostileScenes = () => {
  it("whatever an agent says is text in every view", async () => {
    const { logs, server, threadId } = await hostileServer()
    const person = await PagePerson.of(server)
    const page = await person.signedIn()
    await page.getByTestId("thread").first().waitFor()
    expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    await follow(page, `/threads/${threadId}`)
    await page.getByTestId("request").last().waitFor()
    await showAll(page, "transcript")
    await follow(page, "/inbox")
    await page.getByTestId("inbox-entry").waitFor()
    for (let n = await page.getByTestId("inbox-line").count(); n > 0; n -= 1) {
      await page.keyboard.press("j")
      await page.getByTestId("inbox-entry").waitFor()
      await page.evaluate(evaluateIn("openAll"))
      await frames(page)
      expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    }
    await follow(page, "/log")
    const rows = page.getByTestId("log-row")
    await rows.first().waitFor()
    for (const index of [0, 2, 4]) {
      await rows.nth(index).click()
      for (const tab of ["Envelope", "Native", "Payload"]) {
        await page.getByTestId("event-pane").getByRole("tab", { name: tab }).click()
        await page.evaluate(evaluateIn("openAll"))
        await frames(page)
        expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
      }
    }
    await page.keyboard.press("Control+k")
    await page.getByTestId("palette").getByRole("combobox").fill("canary")
    await page.getByTestId("palette").getByRole("option").first().waitFor()
    expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    await page.keyboard.press("Escape")
    await follow(page, "/system")
    await page.getByRole("heading", { name: "System", level: 1 }).waitFor()
    await page.evaluate(evaluateIn("openAll"))
    await frames(page)
    expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    await person.sound(logs)
  })
}
