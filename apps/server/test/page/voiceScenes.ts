/** A voice conversation led from the page, by keyboard: with the realtime model of the testkit, and the real Codex for its handoffs. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Receipt } from "@threadfold/contracts"
import {
  codexHome,
  installedAgent,
  OpenAi,
  type RealtimeServer,
  type RealtimeSocket,
  realtimeServer,
} from "@threadfold/testkit"
import { Effect, Exit, Schema, Scope } from "effect"
import type { Page } from "playwright-core"
import { expect, it, onTestFinished } from "vitest"
import { temporary } from "../cli/program.js"
import type { CalledServer } from "../cli/server.js"
import { accessible, PagePerson } from "./PageWindow.js"
import { loggedServer } from "./signInScenes.js"

const codex = installedAgent("codex")
const why = codex.installed ? "" : ` (skipped: ${codex.reason})`

/** A model of ours for voices, and a server that knows it and these agents. */
const voiceServer = async (agents: object) => {
  const scope = Effect.runSync(Scope.make())
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const voice: RealtimeServer = await Effect.runPromise(Scope.extend(realtimeServer, scope))
  const directory = temporary()
  const realtime = {
    baseUrl: voice.baseUrl,
    apiKeyEnv: "KEY_OF_THE_VOICE",
    model: "gpt-realtime",
    models: ["gpt-realtime", "gpt-realtime-mini"],
  }
  writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents, realtime }))
  const served = await loggedServer(directory, [], { KEY_OF_THE_VOICE: "mock-key" })
  return { ...served, voice }
}

const newThread = async (server: CalledServer, body: object): Promise<string> => {
  const answer = await server.call("/v1/threads", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  return Schema.decodeUnknownSync(Schema.parseJson(Receipt))(await answer.text()).threadId
}

const socketOf = (voice: RealtimeServer, ordinal: number) => Effect.runPromise(voice.socket(ordinal))
const takes = (socket: RealtimeSocket, isSo: (socket: RealtimeSocket) => boolean) =>
  Effect.runPromise(socket.until(isSo))

/** A line of what was said. */
const line = (page: Page, text: string | RegExp) => page.getByTestId("voice-line").filter({ hasText: text })
const state = (page: Page, text: string) => page.getByTestId("voice-state").filter({ hasText: text })

export const voiceScenes = () => {
  it("a person starts a conversation, writes into it, has a text said, and stops it, by keyboard alone", async () => {
    const { logs, server, voice } = await voiceServer({ mine: { kind: "claude", command: "no-such-agent" } })
    const threadId = await newThread(server, { agent: "mine" })
    const person = await PagePerson.of(server)
    person.expect(
      { text: /status of 400/, url: /\/realtime\/(start|voices)/ },
      { text: /status of 502/, url: /\/realtime\/start$/ },
    )
    const page = await person.signedIn(`/threads/${threadId}`)
    await page.getByTestId("composer").waitFor()
    await page.keyboard.press("V")
    const panel = page.getByTestId("voice")
    await state(page, "None yet").waitFor()
    // The thread's agent has no voice: what else there is is said, and can be chosen.
    await panel.getByLabel("Carried by").selectOption("agent")
    await panel.getByRole("alert").filter({ hasText: "direct" }).waitFor()
    await panel.getByLabel("Carried by").selectOption("direct")
    await panel.getByRole("option", { name: "cedar" }).waitFor({ state: "attached" })
    await panel.getByLabel("Voice", { exact: true }).selectOption({ label: "cedar" })
    await panel.getByLabel("Model").selectOption("gpt-realtime-mini")
    await panel.getByLabel("Instructions").fill("Be brief.")
    await accessible(page, "the settings of a voice conversation")
    await panel.getByRole("button", { name: "Start", exact: true }).press("Enter")
    await state(page, "Live").waitFor()
    const socket = await socketOf(voice, 1)
    await takes(socket, ({ received }) => JSON.stringify(received).includes("Be brief."))
    expect(socket.url).toContain("gpt-realtime-mini")
    expect(JSON.stringify(socket.of("session.update"))).toContain("cedar")

    const text = panel.getByRole("textbox", { name: "Text for the voice" })
    await page.keyboard.type("How are you?")
    await page.keyboard.press("Enter")
    await line(page, "How are you?").and(page.locator('[data-role="user"]')).waitFor()
    socket.say({
      type: "response.output_audio_transcript.delta",
      item_id: "item_half",
      response_id: socket.begin(),
      delta: "I am ",
    })
    await line(page, "I am").and(page.locator('[data-open="true"]')).waitFor()
    socket.finish()
    socket.speaks("I am well, thank you.")
    await line(page, "I am well, thank you.").and(page.locator('[data-role="assistant"]')).waitFor()
    await text.fill("Say good night.")
    await panel.getByRole("button", { name: "Have it said" }).press("Enter")
    await takes(socket, ({ speeches }) => speeches.length > 0)
    await accessible(page, "a voice conversation that is live")

    // What is refused leaves the live one as it is.
    await panel.getByRole("button", { name: "Start another" }).press("Enter")
    await panel.getByLabel("Carried by").selectOption("agent")
    await panel.getByRole("button", { name: "Start in its place" }).press("Enter")
    await panel.getByRole("alert").filter({ hasText: "direct" }).first().waitFor()
    expect(await state(page, "Live").count()).toBe(1)
    expect(socket.isOpen).toBe(true)

    // A reload shows what was said; Stop ends it.
    await page.reload()
    await page.getByRole("button", { name: "Voice, live" }).press("Enter")
    await line(page, "I am well, thank you.").waitFor()
    await panel.getByRole("button", { name: "Stop the voice" }).press("Enter")
    await line(page, "Ended: it was stopped.").waitFor()
    await state(page, "it was stopped").waitFor()

    // One that the model refuses after the checks has failed, once.
    voice.behaviour.refuses = 401
    await panel.getByRole("button", { name: "Start", exact: true }).press("Enter")
    await line(page, "The conversation did not start.").waitFor()
    await panel.getByRole("alert").waitFor()
    await state(page, "It did not start").waitFor()
    await page.setViewportSize({ width: 390, height: 700 })
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true)
    await panel.getByLabel("Instructions").press("Escape")
    await panel.waitFor({ state: "detached" })
    await person.sound(logs)
  })

  it.skipIf(!codex.installed)(
    `work that a voice hands over leads to its turn, and an error is its end${why}`,
    async () => {
      if (!codex.installed) throw new Error(codex.reason)
      const scope = Effect.runSync(Scope.make())
      onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
      const home = await Effect.runPromise(
        Effect.flatMap(OpenAi.server({ script: [OpenAi.plain("The lamp is lit.")] }), ({ baseUrl }) =>
          codexHome({ baseUrl }),
        ).pipe(Scope.extend(scope)),
      )
      const { args, command } = codex
      const agent = { kind: "codex", command, args: [...args, "app-server"], env: home.env }
      const { logs, server, voice } = await voiceServer({ codex: agent })
      const threadId = await newThread(server, {
        agent: "codex",
        cwd: home.cwd,
        settings: { approvalPolicy: "untrusted", sandbox: "read-only" },
      })
      const started = await server.call(`/v1/threads/${threadId}/realtime/start`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ transport: "direct" }),
      })
      expect(started.status).toBe(200)
      const socket = await socketOf(voice, 1)
      const person = await PagePerson.of(server)
      const page = await person.signedIn(`/threads/${threadId}`)
      await page.getByRole("button", { name: "Voice, live" }).click()
      socket.handsOff("call_1", "Light the lamp")
      const work = line(page, "Light the lamp")
      await work.filter({ hasText: "(over)" }).waitFor()
      await page.getByTestId("transcript").getByText("The lamp is lit.").waitFor()
      await work.getByRole("link", { name: /To its turn/ }).press("Enter")
      await page.waitForURL(/[?]turn=/)
      socket.fail("server_error", "overloaded", "Too many listen.")
      voice.behaviour.refuses = 401
      socket.close(1011)
      await page
        .getByTestId("voice-line")
        .and(page.locator('[data-failed="true"]'))
        .filter({ hasText: "Ended" })
        .waitFor()
      await page.getByTestId("voice-state").filter({ hasText: "Ended" }).waitFor()
      await accessible(page, "a voice conversation that has ended by an error")
      await person.sound(logs)
    },
  )
}
