/** The real Codex on a mock model, led from the page: what is sent, streamed, asked, interrupted and stopped, and what a loss leaves. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Receipt } from "@threadfold/contracts"
import { codexHome, installedAgent, makeHold, OpenAi, type Step } from "@threadfold/testkit"
import { Effect, Exit, Schema, Scope } from "effect"
import type { Page } from "playwright-core"
import { expect, it, onTestFinished } from "vitest"
import { temporary } from "../cli/program.js"
import { type CalledServer, serve } from "../cli/server.js"
import { accessible, evaluateIn, follow, PagePerson } from "./PageWindow.js"
import { loggedServer } from "./signInScenes.js"

const codex = installedAgent("codex")
const why = codex.installed ? "" : ` (skipped: ${codex.reason})`
const real = it.skipIf(!codex.installed)

/** A server with Codex, whose model follows the script, and a thread of it that asks before each command. */
const codexServer = async (script: readonly Step[]) => {
  if (!codex.installed) throw new Error(codex.reason)
  const scope = Effect.runSync(Scope.make())
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const home = await Effect.runPromise(
    Effect.flatMap(OpenAi.server({ script }), ({ baseUrl }) => codexHome({ baseUrl })).pipe(Scope.extend(scope)),
  )
  const directory = temporary()
  const { args, command } = codex
  const agent = { kind: "codex", command, args: [...args, "app-server"], env: home.env }
  writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents: { codex: agent } }))
  const served = await loggedServer(directory)
  return { ...served, cwd: home.cwd, threadId: await newThread(served.server, home.cwd) }
}

const newThread = async (server: CalledServer, cwd: string): Promise<string> => {
  const answer = await server.call("/v1/threads", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      agent: "codex",
      cwd,
      title: "A real agent",
      settings: { approvalPolicy: "untrusted", sandbox: "read-only" },
    }),
  })
  return Schema.decodeUnknownSync(Schema.parseJson(Receipt))(await answer.text()).threadId
}

/** Writes a message and sends it. */
const send = async (page: Page, text: string): Promise<void> => {
  await page.getByRole("textbox", { name: "Message to the agent" }).fill(text)
  await page
    .getByTestId("composer")
    .getByRole("button", { name: /^(Send|Queue)$/ })
    .click()
}

const said = (page: Page, text: string) => page.getByTestId("transcript").getByText(text)
const reached = ({ reached: first }: { readonly reached: Effect.Effect<unknown> }) => Effect.runPromise(first)

/** In the narrowest windows every view is in reach: beside the sign of the connection, not under it. */
const narrow = async (page: Page): Promise<void> => {
  const size = page.viewportSize()
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 700 })
    const links = await page.getByRole("navigation", { name: "Views" }).getByRole("link").all()
    expect(links).toHaveLength(4)
    const sign = await page.getByTestId("connection").boundingBox()
    for (const link of links) {
      const box = await link.boundingBox()
      expect((box?.x ?? width) + (box?.width ?? 0)).toBeLessThanOrEqual(sign?.x ?? 0)
    }
  }
  if (size !== null) await page.setViewportSize(size)
}

export const liveScenes = () => {
  real(`a person leads an agent: sends, sees it stream, approves, interrupts and stops${why}`, async () => {
    const answer = makeHold()
    const endless = makeHold()
    const { cwd, logs, server, threadId } = await codexServer([
      OpenAi.hang(answer),
      OpenAi.command("echo from the command"),
      OpenAi.plain("It said so."),
      OpenAi.hang(endless),
    ])
    const person = await PagePerson.of(server)
    const page = await person.signedIn(`/threads/${threadId}`)

    // A file that is no image is mentioned by its name, to which a person adds where it lies.
    mkdirSync(join(cwd, "docs"))
    writeFileSync(join(cwd, "docs", "notes.txt"), "Hello")
    await page.getByTestId("composer").waitFor()
    await page.evaluate(evaluateIn("dropFiles"))
    const path = page.getByRole("textbox", { name: /^Path of a file/ })
    expect(await path.inputValue()).toBe("notes.txt")
    await path.fill("docs/notes.txt")
    await path.press("Enter")
    await page.getByRole("button", { name: "docs/notes.txt: change the path" }).waitFor()
    await page.getByTestId("attachment").and(page.locator('[data-state="ready"]')).nth(1).waitFor()
    await accessible(page, "a message with attachments")

    await send(page, "Say something **bold**.")
    await reached(answer)
    answer.say("Half of the ans")
    await said(page, "Half of the ans").waitFor()
    await said(page, "docs/notes.txt").first().waitFor()
    expect(await page.getByTestId("composer").textContent()).toContain("Queue")
    answer.say("wer, and `code`.")
    answer.end()
    await page.getByTestId("turn-end").waitFor()
    expect(await said(page, "Half of the answer, and").locator("code").textContent()).toBe("code")
    expect(await page.getByTestId("transcript").locator("strong").textContent()).toBe("bold")

    await send(page, "Run it.")
    const request = page.getByTestId("request")
    await request.waitFor()
    expect(await request.textContent()).toContain("echo from the command")
    expect(await page.getByTestId("inbox-badge").textContent()).toContain("1")
    expect(await page.title()).toContain("1")
    await accessible(page, "a question in a thread")
    await narrow(page)
    await request
      .getByRole("button", { name: /^Accept\b/ })
      .first()
      .click()
    await said(page, "It said so.").waitFor()
    await page.getByTestId("inbox-badge").waitFor({ state: "detached" })
    await accessible(page, "a thread with a command")

    await send(page, "Go on for ever.")
    await reached(endless)
    endless.say("Still going")
    await said(page, "Still going").waitFor()
    await page.getByRole("button", { name: "Interrupt", exact: true }).click()
    await page
      .getByTestId("turn-end")
      .filter({ hasText: /interrupted/i })
      .waitFor()
    await page.getByRole("button", { name: "Stop agent" }).click()
    await page.getByRole("button", { name: "Stop agent" }).waitFor({ state: "detached" })

    // Each of these was a call to the agent.
    await follow(page, "/system")
    const effects = page.getByRole("region", { name: "Effects" })
    await effects.getByRole("combobox").selectOption("delivered")
    for (const kind of ["turn.start", "request.answer", "turn.interrupt", "session.stop"]) {
      await effects.getByTestId("effect").filter({ hasText: kind }).first().waitFor()
    }
    await effects.getByRole("textbox").fill("no-such-thread")
    await effects.getByText("There are no such calls.").waitFor()
    await effects.getByRole("textbox").fill(threadId)
    await effects.getByTestId("effect").first().waitFor()
    await accessible(page, "the system after a turn")
    await person.sound(logs)
  })

  real(`of two answers the first wins, and the second window is told why${why}`, async () => {
    const { logs, server, threadId } = await codexServer([OpenAi.command("echo once"), OpenAi.plain("Over.")])
    const first = await PagePerson.of(server)
    const second = await PagePerson.of(server)
    second.expect({ text: /status of 409/, url: /\/respond$/ })
    const winner = await first.signedIn(`/threads/${threadId}`)
    const loser = await second.signedIn("/inbox")
    await send(winner, "Ask me.")
    await winner.getByTestId("request").waitFor()
    await loser.getByTestId("request").waitFor()
    await accessible(loser, "an inbox with a question")

    // The second one is pressed first, and is on its way until the first one was taken.
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await loser.route("**/respond", async (route) => {
      await held
      await route.continue()
    })
    const pressed = loser.waitForRequest(/\/respond$/)
    await loser
      .getByTestId("request")
      .getByRole("button", { name: /^Decline\b/ })
      .click()
    await pressed
    await winner
      .getByTestId("request")
      .getByRole("button", { name: /^Accept\b/ })
      .first()
      .click()
    await said(winner, "Over.").waitFor()
    release()
    const outcome = loser.getByTestId("request-outcome")
    await outcome.filter({ hasText: "too late" }).waitFor()
    expect(await outcome.textContent()).toMatch(/accept/i)
    await first.sound(logs)
    await second.sound(logs)
  })

  real(`a reload in mid-turn, and a server that is killed and comes back${why}`, async () => {
    const hold = makeHold()
    const { directory, logs, server, threadId } = await codexServer([OpenAi.hang(hold), OpenAi.plain("Back again.")])
    const person = await PagePerson.of(server)
    person.expect({ text: /Failed to load resource/, url: /\/v1\// })
    const page = await person.signedIn(`/threads/${threadId}`)
    await send(page, "Begin.")
    await reached(hold)
    hold.say("Before the reload")
    await said(page, "Before the reload").waitFor()
    await page.reload()
    await said(page, "Before the reload").waitFor()
    hold.say(", after it")
    await said(page, "Before the reload, after it").waitFor()

    server.child.kill("SIGKILL")
    await server.ended
    const connection = page.getByTestId("connection")
    await connection.and(page.locator('[data-kind="reconnecting"], [data-kind="offline"]')).waitFor()
    await accessible(page, "a page without its server")
    expect(await said(page, "Before the reload, after it").count()).toBe(1)
    const next = await serve(directory, ["--port", new URL(server.url).port])
    await connection.and(page.locator('[data-kind="live"]')).waitFor()
    await page
      .getByTestId("turn-end")
      .filter({ hasText: /interrupted/i })
      .waitFor()
    await send(page, "Are you there?")
    await said(page, "Back again.").waitFor()
    await person.sound(logs)
    next.child.stdin?.end()
    expect(await next.ended).toBe(0)
  })
}
