/** A recorded session on the page: read, searched, gone back in, and looked at event by event. */
import { join } from "node:path"
import { ThreadPage } from "@threadfold/contracts/api"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { temporary } from "../cli/program.js"
import { accessible, follow, PagePerson } from "./PageWindow.js"
import { loggedServer } from "./signInScenes.js"

const Listed = Schema.parseJson(Schema.Struct({ items: Schema.Array(Schema.Struct({ threadId: Schema.String })) }))

export const recordedScenes = () => {
  it("a recording is shown live and as it was, with a comparison, a timeline and its log", async () => {
    const { logs, server } = await loggedServer(join(temporary(), "data"), ["--load-example"])
    const { items } = Schema.decodeUnknownSync(Listed)(await (await server.call("/v1/threads")).text())
    const threadId = items[0]?.threadId ?? ""
    const at = async (sequence: number) =>
      Schema.decodeUnknownSync(Schema.parseJson(ThreadPage))(
        await (await server.call(`/v1/threads/${threadId}?at=${sequence}`)).text(),
      )

    const person = await PagePerson.of(server)
    const page = await person.signedIn()
    await page.getByTestId("thread").first().waitFor()
    await accessible(page, "a list of threads")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.getByTestId("turn-end").last().waitFor()
    expect(page.url()).toBe(`${server.url}/threads/${threadId}`)

    // Back in time by keys, to the beginning, and compared with what the server says of the same moments.
    await page.keyboard.press("t")
    const travel = page.getByTestId("travel")
    await travel.getByText(/of \d/).waitFor()
    const range = page.getByTestId("travel-range")
    const last = Number(await range.getAttribute("max"))
    expect(last).toBeGreaterThan(10)
    for (const place of [last - 1, Math.ceil(last / 2), 2]) {
      await range.fill(String(place))
      await travel.getByText(`Event ${place} `).waitFor()
      const sequence = Number((await travel.getByText(/^#\d/).textContent())?.replace(/\D/g, ""))
      const { items: then } = await at(sequence)
      await page.waitForURL(new RegExp(`at=${sequence}\\b`))
      await expect.poll(() => page.getByTestId("item").count(), { timeout: 600_000 }).toBe(then.length)
    }
    await page.keyboard.press("ArrowRight")
    await travel.getByText("Event 3 ").waitFor()
    const third = (await travel.getByText(/^#\d/).textContent())?.replace(/\D/g, "")
    await page.waitForURL(new RegExp(`at=${third}\\b`))
    await page.reload()
    await travel.getByText("Event 3 ").waitFor()
    await page.keyboard.press("x")
    await range.fill(String(last - 1))
    await travel.getByRole("button", { name: "Differences" }).waitFor()
    await page.getByRole("list", { name: "Rows that differ" }).waitFor()
    await accessible(page, "a comparison")
    await travel.getByRole("button", { name: "Timeline" }).click()
    await page.getByTestId("timeline").waitFor()
    await accessible(page, "a timeline")
    await travel.getByRole("button", { name: "Why" }).click()
    await page.getByTestId("why").waitFor()
    await accessible(page, "why an event did what it did")
    await page.keyboard.press("l")
    await page.getByTestId("turn-end").last().waitFor()

    await follow(page, "/log")
    await page.getByTestId("log-row").first().waitFor()
    await page.getByTestId("log-row").first().click()
    await page.getByTestId("event-pane").waitFor()
    await accessible(page, "the log with an event")
    await page.keyboard.press("Control+k")
    await page.getByTestId("palette").waitFor()
    await accessible(page, "the palette")
    await page.keyboard.press("Escape")
    await follow(page, "/inbox")
    await page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor()
    await accessible(page, "an inbox")
    await follow(page, "/system")
    await page.getByRole("heading", { name: "System", level: 1 }).waitFor()
    await page.getByRole("main").getByRole("heading", { level: 2 }).first().waitFor()
    await page.getByRole("button", { name: "Check", exact: true }).click()
    await page.getByTestId("check-result").filter({ hasText: "Every rule is kept" }).waitFor()
    await accessible(page, "the system")
    await person.sound(logs)
  })

  it("fits a narrow window and a keyboard", async () => {
    const { logs, server } = await loggedServer(join(temporary(), "data"), ["--load-example"])
    const person = await PagePerson.of(server, { viewport: { width: 380, height: 700 } })
    const page = await person.signedIn()
    await page.getByTestId("thread").first().waitFor()
    for (const path of ["/threads", "/inbox", "/log", "/system"]) {
      await follow(page, path)
      await page.getByRole("heading", { level: 1 }).waitFor()
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path).toBe(true)
    }
    await page.keyboard.press("?")
    await page.getByRole("dialog").waitFor()
    await accessible(page, "the list of keys")
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "hidden" })
    await person.sound(logs)
  })
}
