/** A bundle on the page, without a server: dropped on it, chosen as a file, or in the file of `threadfold export --html`. */
import { createHash } from "node:crypto"
import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { gunzipSync, gzipSync } from "node:zlib"
import { ExportReport } from "@threadfold/contracts"
import { ThreadPage } from "@threadfold/contracts/api"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import type { Page } from "playwright-core"
import { expect, it } from "vitest"
import { document, temporary, threadfold } from "../cli/program.js"
import type { RunningServer } from "../cli/server.js"
import { frames, hostileServer, showAll } from "./hostileScenes.js"
import { accessible, evaluateIn, PagePerson } from "./PageWindow.js"
import { loggedServer } from "./signInScenes.js"

const Listed = Schema.parseJson(Schema.Struct({ items: Schema.Array(Schema.Struct({ threadId: Schema.String })) }))

/** Drops a file on the page. */
const drop = async (page: Page, name: string, bytes: Uint8Array): Promise<void> => {
  const text = Buffer.from(bytes).toString("base64")
  const held = await page.evaluateHandle(`(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(text)}), (letter) => letter.charCodeAt(0))
    const transfer = new DataTransfer()
    transfer.items.add(new File([bytes], ${JSON.stringify(name)}))
    return transfer
  })()`)
  await page.dispatchEvent("body", "dragover", { dataTransfer: held })
  await page.getByTestId("bundle-over").waitFor()
  await page.dispatchEvent("body", "drop", { dataTransfer: held })
}

/** Goes to a view of a bundle as a link does. */
const goTo = (page: Page, path: string): Promise<unknown> => page.evaluate(`location.hash = ${JSON.stringify(path)}`)

/** Ends a server, and waits until it is gone. */
const endOf = async ({ child }: RunningServer): Promise<void> => {
  const gone = once(child, "close")
  child.kill("SIGTERM")
  await gone
}

/** A server with the recorded example, what it says of the thread, and an export of it by the built program. */
const exported = async (args: readonly string[]) => {
  const { directory, logs, server } = await loggedServer(join(temporary(), "data"), ["--load-example"])
  const { items } = Schema.decodeUnknownSync(Listed)(await (await server.call("/v1/threads")).text())
  const threadId = items[0]?.threadId ?? ""
  const read = async (query = "") =>
    Schema.decodeUnknownSync(Schema.parseJson(ThreadPage))(
      await (await server.call(`/v1/threads/${threadId}?limit=500${query}`)).text(),
    )
  const file = join(directory, "..", args.includes("--html") ? "session.html" : "session.bundle")
  const report = await document(ExportReport, ["export", file, ...args, "--data-dir", directory])
  return { directory, file, logs, page: await read(), report, server, threadId }
}

/** A bundle of a recorded voice conversation, and its thread. */
const voiceBundle = async () => {
  const directory = join(temporary(), "data")
  const { path } = recording("codex-40-realtime-handoff-v2")
  expect((await threadfold(["import", "codex-app-server", path, "--data-dir", directory])).code).toBe(0)
  const file = join(directory, "..", "voice.bundle")
  const { threads } = await document(ExportReport, ["export", file, "--redact", "none", "--data-dir", directory])
  return { bytes: readFileSync(file), threadId: threads[0]?.threadId ?? "" }
}

/** Looks at the thread of the example as it is in a bundle: the list, the thread, its past, its log. */
const lookAround = async (page: Page, threadId: string, said: ThreadPage, events: number): Promise<void> => {
  await page.getByTestId("bundle").waitFor()
  await page.getByTestId("thread").first().waitFor()
  expect(await page.getByRole("navigation", { name: "Views" }).getByRole("link").allTextContents()).toEqual([
    "Threads",
    "Log",
  ])
  await accessible(page, "the threads of a bundle")
  await page.keyboard.press("j")
  await page.keyboard.press("Enter")
  await page.getByTestId("turn-end").last().waitFor()
  expect(new URL(page.url()).hash).toBe(`#/threads/${threadId}`)
  await expect.poll(() => page.getByTestId("item").count(), { timeout: 60_000 }).toBe(said.items.length)
  await page.getByText("A bundle is for reading").last().waitFor()
  expect(await page.getByRole("textbox").count()).toBe(0)
  await accessible(page, "a thread of a bundle")

  await page.keyboard.press("t")
  const travel = page.getByTestId("travel")
  await travel.getByText(/of \d/).waitFor()
  const range = page.getByTestId("travel-range")
  const last = Number(await range.getAttribute("max"))
  expect(last).toBe(said.thread.streamVersion)
  await range.fill("2")
  await travel.getByText("Event 2 ").waitFor()
  await expect.poll(() => page.getByTestId("item").count(), { timeout: 60_000 }).toBe(0)
  await page.waitForURL(/\?at=\d+$/)
  await page.keyboard.press("ArrowRight")
  await travel.getByText("Event 3 ").waitFor()
  await travel.getByRole("button", { name: "Why" }).click()
  await page
    .getByTestId("why")
    .getByText(/Events of this type go by|It changed no row/)
    .first()
    .waitFor()
  await travel.getByRole("button", { name: "Timeline" }).click()
  await page.getByTestId("timeline").waitFor()
  await accessible(page, "the past of a thread of a bundle")
  await page.keyboard.press("l")
  await page.getByTestId("turn-end").last().waitFor()

  await page.keyboard.press("g")
  await page.keyboard.press("l")
  await page.getByTestId("log-row").first().waitFor()
  await page.getByText(`up to ${events.toLocaleString("en")}`).waitFor()
  await page.getByTestId("log-row").last().click()
  await page.getByTestId("event-pane").getByRole("tab", { name: "Native" }).click()
  await page
    .getByTestId("event-pane")
    .getByText("Verbatim")
    .or(page.getByText("No message of a provider"))
    .first()
    .waitFor()
  await accessible(page, "the log of a bundle")
  await page.keyboard.press("Control+k")
  await page.getByTestId("palette").getByRole("combobox").fill("3")
  await page
    .getByTestId("palette")
    .getByRole("option", { name: /Event 3 in the log/ })
    .waitFor()
  await page.keyboard.press("Escape")
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** The bundle with other lines, and an end that is right for them. */
const forged = (bundle: Uint8Array, change: (lines: string[]) => readonly string[]): Uint8Array => {
  const lines = gunzipSync(bundle).toString("utf8").trimEnd().split("\n")
  const end = JSON.parse(lines.at(-1) ?? "{}").end
  const text = change(lines.slice(0, -1))
    .map((line) => `${line}\n`)
    .join("")
  return gzipSync(`${text}${JSON.stringify({ end: { ...end, sha256: sha256(text) } })}\n`)
}

export const bundleScenes = () => {
  it("opens where it is dropped, without an access to the server, and goes as it came", async () => {
    const { file, logs, page: said, report, server, threadId } = await exported(["--redact", "none"])
    const person = await PagePerson.of(server)
    const page = await person.open("/threads")
    await page.getByTestId("signed-out").waitFor()
    await accessible(page, "a page without an access")
    await drop(page, "session <b>1</b>.bundle", readFileSync(file))
    await lookAround(page, threadId, said, report.events)
    expect(await page.getByTestId("bundle").textContent()).toContain("session <b>1</b>.bundle")

    // What is loaded again is the server's page, and so is what lies behind the bundle.
    await page.getByRole("button", { name: "Close the bundle" }).click()
    await page.getByTestId("signed-out").waitFor()
    const choosing = page.waitForEvent("filechooser")
    await page.keyboard.press("g")
    await page.keyboard.press("o")
    await (await choosing).setFiles(file)
    await page.getByTestId("thread").first().waitFor()
    await page.goBack()
    await page.getByTestId("signed-out").waitFor()
    await person.sound(logs)

    // It takes the place of a server's log, and gives it back.
    const reader = await PagePerson.of(server)
    const signedIn = await reader.signedIn()
    await signedIn.getByTestId("thread").first().waitFor()
    await drop(signedIn, "session.bundle", readFileSync(file))
    await signedIn.getByTestId("bundle").waitFor()
    await signedIn.keyboard.press("Control+k")
    await signedIn.getByTestId("palette").getByRole("combobox").fill(">close the bundle")
    await signedIn.keyboard.press("Enter")
    await signedIn.getByTestId("connection").and(signedIn.locator('[data-kind="live"]')).waitFor()
    await signedIn.getByTestId("thread").first().waitFor()
    expect(signedIn.url()).toBe(`${server.url}/threads`)
    await reader.sound(logs)
  })

  it("stays where a person skips to its content, and another one begins at its threads", async () => {
    const { file, logs, server, threadId } = await exported(["--redact", "none"])
    const voice = await voiceBundle()
    const person = await PagePerson.of(server)
    const page = await person.open("/threads")
    await page.getByTestId("signed-out").waitFor()
    await drop(page, "session.bundle", readFileSync(file))
    await page.getByTestId("bundle").waitFor()
    await goTo(page, `/threads/${threadId}`)
    await page.getByTestId("turn-end").last().waitFor()
    await page.getByRole("link", { name: "Skip to content" }).press("Enter")
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("main")
    expect(new URL(page.url()).hash).toBe(`#/threads/${threadId}`)
    expect(await page.getByTestId("bundle").count()).toBe(1)
    await page.keyboard.press("?")
    const keys = page.getByRole("dialog", { name: "Keys" })
    await keys.getByText("Travel in time").waitFor()
    // What a bundle cannot do is no key of it.
    expect(await keys.getByText(/Write to the agent|voice conversation/).count()).toBe(0)
    await page.keyboard.press("Escape")

    await drop(page, "voice.bundle", voice.bytes)
    await page.getByTestId("bundle").getByText("voice.bundle").waitFor()
    await page.getByTestId("thread").first().waitFor()
    expect(new URL(page.url()).hash).toBe("#/threads")
    // A voice conversation can be read.
    await goTo(page, `/threads/${voice.threadId}`)
    await page.getByRole("button", { name: "Voice" }).waitFor()
    await page.keyboard.press("V")
    const lines = page.getByTestId("voice-line")
    await lines.filter({ hasText: "Hello voice" }).first().waitFor()
    await lines.filter({ hasText: "Ended" }).first().waitFor()
    expect(await page.getByTestId("voice").getByRole("button").count()).toBe(1)
    await accessible(page, "a voice conversation of a bundle")
    await lines.getByRole("link", { name: /To its turn/ }).press("Enter")
    await page.waitForURL(/[?]turn=/)
    await person.sound(logs)
  })

  it("that is hostile, damaged or no bundle is refused, and what was shown stays", async () => {
    const { file, logs, server } = await exported(["--redact", "none"])
    const bundle = readFileSync(file)
    const changed = Uint8Array.from(gunzipSync(bundle), (byte, at) => (at === 2_000 ? byte ^ 1 : byte))
    const person = await PagePerson.of(server)
    const page = await person.open("/threads")
    await page.getByTestId("signed-out").waitFor()
    const files: Readonly<Record<string, readonly [Uint8Array, string]>> = {
      "cut.bundle": [bundle.subarray(0, bundle.length - 100), "The bundle is damaged"],
      "changed.bundle": [changed, "The bundle is damaged"],
      "lost.bundle": [forged(bundle, (lines) => lines.toSpliced(4, 1)), "The bundle is damaged"],
      "bomb.bundle": [gzipSync(Buffer.alloc(100 * 1024 * 1024)), "The bundle is too large for this page"],
      "newer.bundle": [
        forged(bundle, (lines) =>
          lines.map((line, at) => (at === 0 ? line.replace(/"version":\d+/, '"version":9') : line)),
        ),
        "The bundle was written by a newer version",
      ],
      "page.html": [Buffer.from("<script>canary('file')</script>"), "This file is no bundle"],
      "<img src=x onerror=canary('name')>": [Buffer.from(""), "This file is no bundle"],
    }
    for (const [name, [bytes, title]] of Object.entries(files)) {
      await drop(page, name, bytes)
      const dialog = page.getByTestId("bundle-dialog")
      await dialog.getByRole("heading", { name: title }).waitFor()
      expect(await dialog.textContent()).toContain(name)
      if (name === "cut.bundle") await accessible(page, "a bundle that is refused")
      await page.keyboard.press("Escape")
      await dialog.waitFor({ state: "detached" })
      await page.getByTestId("signed-out").waitFor()
      expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    }
    await person.sound(logs)
  })

  it("is a page by itself with `export --html`: no server, no network", async () => {
    const { file, logs, page: said, report, server, threadId } = await exported(["--html"])
    expect(report).toMatchObject({ redaction: "masked", file })
    await endOf(server)
    const person = await PagePerson.of({ ...server, url: pathToFileURL(file).href })
    await person.context.setOffline(true)
    const page = await person.open(pathToFileURL(file).href)
    await lookAround(page, threadId, said, report.events)
    expect(await page.getByRole("button", { name: "Close the bundle" }).count()).toBe(0)
    // Its addresses can be gone to, and lead to the same place again.
    await goTo(page, `/threads/${threadId}`)
    await page.getByTestId("turn-end").last().waitFor()
    await page.reload()
    await page.getByTestId("turn-end").last().waitFor()
    expect(new URL(page.url()).hash).toBe(`#/threads/${threadId}`)
    await person.sound(logs)
  })

  it("whose texts are hostile is text in every view, and asks nobody", async () => {
    const { directory, logs, server, threadId } = await hostileServer()
    const file = join(directory, "..", "hostile.html")
    await document(ExportReport, ["export", "--html", file, "--redact", "none", "--data-dir", directory])
    await endOf(server)
    const person = await PagePerson.of({ ...server, url: pathToFileURL(file).href })
    const page = await person.open(pathToFileURL(file).href)
    await page.getByTestId("thread").first().waitFor()
    expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    await goTo(page, `/threads/${threadId}`)
    await page.getByTestId("transcript").waitFor()
    await showAll(page, "transcript")
    await goTo(page, "/log")
    const rows = page.getByTestId("log-row")
    await rows.first().waitFor()
    for (const tab of ["Envelope", "Native", "Payload"]) {
      await rows.first().click()
      await page.getByTestId("event-pane").getByRole("tab", { name: tab }).click()
      await page.evaluate(evaluateIn("openAll"))
      await frames(page)
      expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    }
    await person.sound(logs)
  })

  it("whose ids and types are hostile is harmless, too", async () => {
    const { directory, logs, server } = await exported(["--redact", "none"])
    const file = join(directory, "..", "session.bundle")
    const hostile = "\"><img src=x onerror=canary('id')>/../__proto__"
    const lines = gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n")
    // Everything in the stream by names that no log gives; its seals are right.
    const [, streamLine = "", ...rest] = lines
    const { stream } = JSON.parse(streamLine)
    const at = rest.findIndex((line) => line.startsWith('{"sealed"'))
    const ids = new Map<string, string>()
    const renamed = rest.slice(0, at).map((line) => {
      const { body, event } = JSON.parse(line)
      for (const name of ["turnId", "itemId", "requestId", "sessionId", "eventId"]) {
        const id: unknown = event[name]
        if (typeof id !== "string") continue
        ids.set(id, ids.get(id) ?? `${hostile}${ids.size}`)
        event[name] = ids.get(id)
      }
      if (event.type.startsWith("thread.token")) event.type = `${hostile}.type`
      return JSON.stringify({ event: { ...event, native: { threadId: [hostile], turnId: { a: 1 } } }, body })
    })
    const digest = sha256(renamed.map((line) => `${line}\n`).join(""))
    const all = [
      lines[0] ?? "",
      JSON.stringify({ stream }),
      ...renamed,
      JSON.stringify({ sealed: { stream, events: renamed.length, sha256: digest, hash: null } }),
    ]
    const text = all.map((line) => `${line}\n`).join("")
    const bodies = renamed.filter((line) => line.includes('"body":')).length
    const end = { streams: 1, threads: 1, events: renamed.length, bodies, hash: null, sha256: sha256(text) }
    const forgedFile = join(directory, "..", "ids.bundle")
    writeFileSync(forgedFile, `${text}${JSON.stringify({ end })}\n`)

    const person = await PagePerson.of(server)
    const page = await person.open("/threads")
    await page.getByTestId("signed-out").waitFor()
    await drop(page, "ids.bundle", readFileSync(forgedFile))
    await page.getByTestId("thread").first().waitFor()
    expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.getByTestId("transcript").waitFor()
    await showAll(page, "transcript")
    await goTo(page, "/log")
    await page.getByTestId("log-row").first().waitFor()
    await page.getByTestId("log-row").first().click()
    await page.getByTestId("event-pane").waitFor()
    expect(await page.evaluate(evaluateIn("acting"))).toEqual([])
    await person.sound(logs)
  })
}
