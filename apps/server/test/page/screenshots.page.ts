/** The pictures of the web page in `docs/images`: every view, light and dark, of fixed data at a fixed time. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { expect, it } from "vitest"
import { type CalledServer, push } from "../cli/server.js"
import { closeBrowserAfterAll, follow, noBrowser, PagePerson } from "./PageWindow.js"
import { loggedServer } from "./signInScenes.js"

const images = fileURLToPath(new URL("../../../../docs/images/", import.meta.url))
/** Most bytes of one picture, and of all. */
const most = { one: 150 * 1_024, all: 1_536 * 1_024 }
const minute = 60_000
const now = Date.UTC(2026, 10, 30, 14, 30)

interface Said {
  readonly type: string
  readonly native?: object
  readonly payload?: object
}

interface Story {
  readonly provider: string
  readonly title: string
  readonly cwd: string
  readonly startedAt: number
  readonly said: readonly Said[]
}

const item = (turnId: string, itemId: string, kind: string, payload: object): Said => ({
  type: "item.completed",
  native: { turnId, itemId },
  payload: { kind, status: "completed", ...payload },
})
const turn = (turnId: string, ...said: readonly Said[]): readonly Said[] => [
  { type: "turn.started", native: { turnId } },
  ...said,
]
const ended = (turnId: string, outcome = "completed", error: object = {}): Said => ({
  type: "turn.completed",
  native: { turnId },
  payload: { outcome, ...error },
})

const diff = `--- a/src/retry.ts
+++ b/src/retry.ts
@@ -8,9 +8,11 @@ export const retry = async <A>(work: () => Promise<A>, times: number): Promise<A
   for (let attempt = 1; ; attempt += 1) {
     try {
       return await work()
     } catch (error) {
-      if (attempt === times) throw error
-      await pause(1_000)
+      if (attempt === times || !mayPass(error)) throw error
+      // Doubled each time, with a part that differs between clients.
+      await pause(500 * 2 ** attempt * (0.75 + Math.random() / 2))
     }
   }
 }
`

const output = [
  "\u001b[1m RUN \u001b[0m v3.2.7",
  "",
  " \u001b[32m✓\u001b[0m src/retry.test.ts (6 tests) \u001b[2m41ms\u001b[0m",
  " \u001b[32m✓\u001b[0m src/client.test.ts (14 tests) \u001b[2m208ms\u001b[0m",
  " \u001b[31m×\u001b[0m src/upload.test.ts (3 tests | 1 failed) \u001b[2m97ms\u001b[0m",
  "   \u001b[31m→ expected 3 attempts, got 2\u001b[0m",
  "",
  " Tests  \u001b[31m1 failed\u001b[0m | \u001b[32m22 passed\u001b[0m",
  "",
].join("\n")

const stories: readonly Story[] = [
  {
    provider: "codex",
    title: "Retry uploads that may pass",
    cwd: "/home/ada/upload-service",
    startedAt: now - 26 * minute,
    said: [
      ...turn(
        "1",
        item("1", "u1", "user_message", {
          text: "Uploads fail when the store answers 503. Retry them, but only **what may pass**.",
        }),
        item("1", "r1", "reasoning", { text: "The retry helper repeats every error. Look at who calls it first." }),
        item("1", "c1", "command", {
          title: "rg -n 'retry\\(' src",
          text: "src/upload.ts:31:  return retry(() => put(part), 3)\nsrc/client.ts:58:  retry(open, 5)\n",
          exitCode: 0,
          durationMs: 84,
        }),
        item("1", "f1", "file_change", {
          title: "src/retry.ts",
          data: { changes: [{ path: "src/retry.ts", kind: "update", diff }] },
        }),
        {
          type: "turn.plan.updated",
          native: { turnId: "1" },
          payload: {
            steps: [
              { step: "Find the callers of retry", status: "completed" },
              { step: "Retry only what may pass", status: "completed" },
              { step: "Prove it by tests", status: "inProgress" },
            ],
          },
        },
        item("1", "c2", "command", { title: "npx vitest run", text: output, exitCode: 1, durationMs: 2_310 }),
        item("1", "a1", "agent_message", {
          text: [
            "`retry` now gives up at once on errors that cannot pass, and waits longer each time:",
            "",
            "| Answer | Before | Now |",
            "|---|---|---|",
            "| 503, 429, reset | 3 tries, 1 s apart | 3 tries, 1 s, 2 s |",
            "| 400, 401, 404 | 3 tries | **1 try** |",
            "",
            "```ts",
            "const mayPass = (error: unknown): boolean =>",
            "  error instanceof HttpError && (error.status >= 500 || error.status === 429)",
            "```",
            "",
            "One test still counts on the old number of tries. I will look at it next.",
          ].join("\n"),
        }),
        ended("1"),
      ),
      ...turn("2", item("2", "u2", "user_message", { text: "Yes, mend that test, then publish a release." }), {
        type: "request.opened",
        native: { turnId: "2", requestId: "1" },
        payload: {
          kind: "command_approval",
          title: "npm publish --access public",
          choices: [
            { decision: "accept", means: "accept" },
            { decision: "acceptForSession", means: "acceptForSession" },
            { decision: "decline", means: "decline" },
          ],
          data: {
            command: ["npm", "publish", "--access", "public"],
            cwd: "/home/ada/upload-service",
            reason: "The release needs the network.",
          },
        },
      }),
    ],
  },
  {
    provider: "claude",
    title: "Which database for the event log?",
    cwd: "/home/ada/notes",
    startedAt: now - 9 * minute,
    said: turn("1", item("1", "u1", "user_message", { text: "Compare three embedded databases." }), {
      type: "user-input.requested",
      native: { turnId: "1", requestId: "q1" },
      payload: {
        kind: "user_input",
        title: "Two things before I compare",
        questions: [
          {
            id: "load",
            header: "Load",
            text: "What will it do most?",
            options: [
              { label: "Append", description: "One writer, many readers" },
              { label: "Update", description: "Rows change in place" },
            ],
          },
        ],
      },
    }),
  },
  {
    provider: "codex",
    title: "Translate the handbook",
    cwd: "/home/ada/handbook",
    startedAt: now - 4 * minute,
    said: turn(
      "1",
      item("1", "u1", "user_message", { text: "Translate chapter 3." }),
      { type: "item.started", native: { turnId: "1", itemId: "a1" }, payload: { kind: "agent_message" } },
      {
        type: "content.delta",
        native: { turnId: "1", itemId: "a1" },
        payload: { stream: "text", delta: "# Chapter 3\n\nThe first part is about " },
      },
    ),
  },
  {
    provider: "gemini",
    title: "Nightly dependency check",
    cwd: "/home/ada/upload-service",
    startedAt: now - 95 * minute,
    said: turn(
      "1",
      item("1", "u1", "user_message", { text: "Look for outdated packages." }),
      ended("1", "failed", { error: { message: "The model's quota is used up until 18:00." } }),
    ),
  },
  ...["Rename the settings page", "Explain the build", "Draw the architecture", "Fix the flaky login test"].map(
    (title, n): Story => ({
      provider: n % 2 === 0 ? "claude" : "codex",
      title,
      cwd: "/home/ada/web",
      startedAt: now - (n + 3) * 60 * minute,
      said: turn(
        "1",
        item("1", "u1", "user_message", { text: title }),
        item("1", "a1", "agent_message", { text: "Done." }),
        ended("1"),
      ),
    }),
  ),
]

/** Says a story in a session of its own; the thread's id. */
const tellStory = async (server: CalledServer, { cwd, provider, said, startedAt, title }: Story, n: number) => {
  const sessionId = `01990000-0000-7000-8000-${String(n + 1).padStart(12, "0")}`
  const opened = await server.call(`/v1/sessions/${sessionId}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ provider, nativeThreadId: `conversation ${n}`, leaseMs: 3_600_000 }),
  })
  expect(opened.status).toBe(201)
  const events = [
    { type: "session.started", payload: { provider, mode: "attached", model: "large", cwd } },
    { type: "thread.metadata.updated", payload: { title, cwd } },
    ...said,
  ].map((event, index) => ({
    channel: "adapter:pictures",
    seq: index + 1,
    at: startedAt + index * 4_000,
    native: {},
    ...event,
  }))
  const refused = (await push(server, sessionId, events)).filter(({ status }) => status !== "appended")
  expect(refused).toEqual([])
  const { threadId }: { threadId: string } = JSON.parse(await (await server.call(`/v1/sessions/${sessionId}`)).text())
  return threadId
}

closeBrowserAfterAll()

it.skipIf(noBrowser !== null)("pictures of every view", async () => {
  const { server } = await loggedServer()
  const threads: string[] = []
  for (const [n, story] of stories.entries()) threads.push(await tellStory(server, story, n))
  const [first = ""] = threads
  mkdirSync(images, { recursive: true })
  const sizes = new Map<string, number>()

  for (const colorScheme of ["light", "dark"] as const) {
    const person = await PagePerson.of(server, { colorScheme, viewport: { width: 1200, height: 750 } })
    await person.context.clock.setFixedTime(now)
    const page = await person.signedIn()
    const take = async (name: string) => {
      await page.evaluate("document.activeElement?.blur?.(), document.fonts.ready")
      const file = join(images, `page-${name}-${colorScheme}.png`)
      const picture = await page.screenshot({ animations: "disabled", caret: "hide" })
      if (!readSame(file, picture)) writeFileSync(file, picture)
      sizes.set(file, statSync(file).size)
    }
    await page
      .getByTestId("thread")
      .nth(stories.length - 1)
      .waitFor()
    await take("threads")
    await follow(page, `/threads/${first}`)
    await page.getByTestId("request").waitFor()
    await showTurn(page)
    await take("thread")
    await page.keyboard.press("t")
    await page.getByTestId("travel").getByText(/of \d/).waitFor()
    const range = page.getByTestId("travel-range")
    await range.fill("9")
    await page.getByTestId("travel").getByText("Event 9 ").waitFor()
    await page.getByTestId("travel-changes").getByRole("listitem").first().waitFor()
    await take("history")
    await page.getByTestId("travel").getByRole("button", { name: "Timeline" }).click()
    await page.getByTestId("timeline").waitFor()
    await page.getByTestId("timeline").getByRole("img").waitFor()
    await take("timeline")
    await follow(page, "/inbox")
    await page.getByTestId("inbox-entry").waitFor()
    await take("inbox")
    await follow(page, "/log")
    await page.getByTestId("log-row").nth(9).click()
    await page.getByTestId("event-pane").waitFor()
    await take("log")
    await follow(page, "/system")
    await page.getByRole("heading", { name: "System", level: 1 }).waitFor()
    await page.getByRole("main").getByRole("heading", { level: 2 }).first().waitFor()
    await take("system")
    await follow(page, "/threads")
    await page.getByTestId("thread").first().waitFor()
    await page.keyboard.press("Control+k")
    await page.getByTestId("palette").waitFor()
    await page.getByTestId("palette").getByRole("combobox").fill("retry")
    await page.getByTestId("palette").locator("mark").first().waitFor()
    await take("palette")
    expect(person.faults).toEqual([])
  }
  for (const [file, size] of sizes) expect(size, file).toBeLessThanOrEqual(most.one)
  expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(most.all)
})

/** Shows the change and the output of the first turn, at the place where its work is. */
const showTurn = async (page: Page): Promise<void> => {
  const transcript = page.getByTestId("transcript")
  await transcript.evaluate((element) => {
    element.scrollTop = 0
  })
  const opened = transcript.getByRole("button", { name: /^Command: npx vitest/ })
  await opened.click()
  await transcript.getByText("22 passed").waitFor()
}

/** Whether a picture is there already, byte for byte. */
const readSame = (file: string, picture: Buffer): boolean => {
  try {
    return readFileSync(file).equals(picture)
  } catch {
    return false
  }
}
