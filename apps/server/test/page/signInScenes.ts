/** A link signs a browser in once; its key keeps it signed in, until it is revoked. */
import { join } from "node:path"
import { PageKeyList } from "@threadfold/contracts/api"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { temporary } from "../cli/program.js"
import { serve } from "../cli/server.js"
import { accessible, newLink, PagePerson } from "./PageWindow.js"

/** A server, and all that it writes. */
export const loggedServer = async (directory = join(temporary(), "data"), args: readonly string[] = [], env = {}) => {
  const server = await serve(directory, args, env)
  let said = ""
  const hear = (text: string) => {
    said += text
  }
  server.child.stderr?.on("data", hear)
  server.child.stdout?.on("data", hear)
  return { server, directory, logs: () => said }
}

export const signInScenes = () => {
  it("a link signs a browser in once, and its code is gone from the address and the history", async () => {
    const { logs, server } = await loggedServer()
    const person = await PagePerson.of(server)
    const link = await newLink(server)
    const page = await person.open(link)
    await page.getByRole("heading", { name: "Threads", level: 1 }).waitFor()
    expect(page.url()).toBe(`${server.url}/threads`)
    await accessible(page, "an empty list of threads")
    await page.goBack()
    expect(page.url()).not.toContain("code")

    // A reload signs in by the key.
    await page.goto(`${server.url}/threads`)
    await page.reload()
    await page.getByTestId("connection").and(page.locator('[data-kind="live"]')).waitFor()
    // Another window of this browser has the key, too.
    const second = await person.open("/")
    await second.getByRole("heading", { name: "Threads", level: 1 }).waitFor()
    await person.sound(logs)

    const other = await PagePerson.of(server)
    other.expect({ text: /status of 403/, url: /\/v1\/page\/exchange$/ })
    const late = await other.open(link)
    await late.getByTestId("signed-out").waitFor()
    expect(await late.getByRole("alert").textContent()).toContain("was used")
    expect(await late.textContent("main")).toContain("threadfold page")
    expect(late.url()).not.toContain("code")
    await accessible(late, "a link that has ended")
    await other.sound(logs)
  })

  it("without a link the page says how to get one, and reads nothing", async () => {
    const { logs, server } = await loggedServer()
    const person = await PagePerson.of(server)
    const page = await person.open("/threads")
    await page.getByTestId("signed-out").waitFor()
    expect(await page.textContent("main")).toContain("threadfold page")
    await accessible(page, "no link")
    await person.sound(logs)
    expect([...person.secrets]).toEqual([])
  })

  it("a browser whose key is revoked is signed out, in every window", async () => {
    const { logs, server } = await loggedServer()
    const person = await PagePerson.of(server)
    person.expect({ text: /status of 40[134]/ }, { text: /ERR_INCOMPLETE_CHUNKED/, url: /\/v1\/changes$/ })
    const page = await person.signedIn()
    const second = await person.open("/threads")
    await second.getByTestId("connection").and(second.locator('[data-kind="live"]')).waitFor()
    const { items } = Schema.decodeUnknownSync(Schema.parseJson(PageKeyList))(
      await (await server.call("/v1/page/keys")).text(),
    )
    expect(items).toHaveLength(1)
    const revoked = await server.call(`/v1/page/keys/${items[0]?.keyId}`, { method: "DELETE" })
    expect(revoked.status).toBe(204)
    await page.getByTestId("signed-out").waitFor()
    await second.getByTestId("signed-out").waitFor()
    expect(await page.getByRole("navigation", { name: "Views" }).count()).toBe(0)
    await person.sound(logs)
  })
}
