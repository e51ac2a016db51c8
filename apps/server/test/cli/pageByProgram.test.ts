/** The web page of the built program: its link, the browsers that opened it, and what is written of all this. */
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { PageGrant, PageKeyList } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import { expect, it } from "vitest"
import { browserKey } from "../http/support/browserKey.js"
import { built, document, ended, problemOf, start, temporary, threadfold } from "./program.js"
import { serve } from "./server.js"

const Link = Schema.Struct({ link: Schema.String, expiresAt: Schema.Number })
const Revoked = Schema.Struct({ revoked: Schema.String })

/** A page opens a link: it takes the code out of its own address. */
const open = async (link: string, label: string) => {
  const { hash, origin } = new URL(link)
  const { publicKey } = await Effect.runPromise(browserKey)
  const code = new URLSearchParams(hash.slice(1)).get("code")
  const answer = await fetch(`${origin}/v1/page/exchange`, {
    method: "POST",
    headers: { origin, "content-type": "application/json" },
    body: JSON.stringify({ code, publicKey, label }),
  })
  const text = await answer.text()
  if (answer.status !== 201) return { status: answer.status, text, code, call: null }
  const { keyId, token } = Schema.decodeUnknownSync(Schema.parseJson(PageGrant))(text)
  const call = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } })
  return { status: answer.status, text, code, keyId, token, call }
}

it("serve prints a link that works once, and writes its code nowhere else", async () => {
  const directory = join(temporary(), "data")
  const child = start(["serve", "--port", "0", "--data-dir", directory])
  const done = ended(child)
  if (child.stdout === null) throw new Error("no standard output")
  const link = await new Promise<string>((resolve, reject) => {
    if (child.stdout === null) return reject(new Error("no standard output"))
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [found] = /http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]{43}/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    done.then(({ stderr }) => reject(new Error(stderr)))
  })
  const first = await open(link, "Firefox")
  expect([first.status, (await first.call?.("/v1/threads"))?.status]).toEqual([201, 200])
  const again = await open(link, "Another")
  expect([again.status, again.text.includes("page-code-ended")]).toEqual([403, true])
  child.kill("SIGINT")
  const { code, stderr, stdout } = await done
  expect([code, stdout.split(first.code ?? "-").length - 1]).toEqual([0, 1])
  expect(stderr).toContain('"path":"/v1/page/exchange","status":201')
  expect(stderr).not.toContain(first.code)
  expect(stderr).not.toContain(first.token)
  expect(stdout).not.toContain(first.token)
})

it("page prints new links, lists the browsers that opened one, and revokes them", async () => {
  const directory = join(temporary(), "data")
  const server = await serve(directory)
  const at = ["--data-dir", directory]
  const printed = await built(["page", ...at])
  expect([printed.code, printed.stdout.startsWith(`${server.url}/#code=`)]).toEqual([0, true])
  expect(printed.stderr).toContain("within a minute")
  const phone = await open(printed.stdout.trim(), "Phone \u001b[31m red")
  const laptop = await open((await document(Link, ["page", ...at])).link, "Laptop")
  expect([phone.status, laptop.status]).toEqual([201, 201])

  const { items } = await document(PageKeyList, ["page", "--keys", ...at])
  expect(items.map(({ label }) => label).sort()).toEqual(["Laptop", "Phone \u001b[31m red"])
  const listed = await threadfold(["page", "--keys", ...at])
  expect(listed.stdout).toContain("Laptop")
  // What a page says of itself is text: it cannot colour the terminal.
  expect(listed.stdout).not.toContain("\u001b[31m")

  const phoneId = phone.keyId ?? ""
  expect((await phone.call?.("/v1/threads"))?.status).toBe(200)
  const stream = await phone.call?.("/v1/events", { accept: "text/event-stream" })
  expect(stream?.status).toBe(200)
  const followed = stream?.text().then(
    () => "ended",
    () => "cut",
  )
  expect((await document(Revoked, ["page", "--revoke", phoneId.slice(0, 12), ...at])).revoked).toBe(phoneId)
  expect(["ended", "cut"]).toContain(await followed)
  expect((await phone.call?.("/v1/threads"))?.status).toBe(401)
  expect((await laptop.call?.("/v1/threads"))?.status).toBe(200)
  const unknown = await threadfold(["page", "--revoke", phoneId, "--json", ...at])
  expect([unknown.code, problemOf(unknown).type]).toEqual([2, "urn:threadfold:problem:page-key-unknown"])
  const both = await threadfold(["page", "--keys", "--revoke", "x", "--json", ...at])
  expect([both.code, problemOf(both).type]).toEqual([2, "urn:threadfold:problem:invalid-request"])
  server.child.stdin?.end()
  expect(await server.ended).toBe(0)
  const none = await threadfold(["page", "--json", ...at])
  expect([none.code, problemOf(none).type]).toEqual([3, "urn:threadfold:problem:server-not-running"])
})

it("the built page is served as it was built, or how to build it is said", async () => {
  const server = await serve(join(temporary(), "data"))
  const folder = new URL("../../dist/page/", import.meta.url)
  const visit = (path: string) => fetch(`${server.url}${path}`, { headers: { accept: "text/html" } })
  const text = await (await visit("/")).text()
  expect(await (await visit("/threads/some")).text()).toBe(text)
  const list = new URL("page.json", folder)
  if (existsSync(list)) {
    const { assets }: { readonly assets: Readonly<Record<string, { readonly sha256: string }>> } = JSON.parse(
      readFileSync(list, "utf8"),
    )
    expect(text).toBe(readFileSync(new URL("index.html", folder), "utf8"))
    for (const [path, { sha256 }] of Object.entries(assets)) {
      const answer = await fetch(`${server.url}${path}`)
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect([path, createHash("sha256").update(bytes).digest("hex")]).toEqual([path, sha256])
    }
  } else expect(text).toContain("npm run setup")
  server.child.stdin?.end()
  expect(await server.ended).toBe(0)
})
