/**
 * A window of a real browser on the web page of a server, with what every scene wants of it: nothing goes wrong in its console, nothing is
 * asked of another host, no dialog opens, its policy refuses nothing, and the token is nowhere but in its memory.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { installedBrowser } from "@threadfold/testkit"
import { Schema } from "effect"
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, expect, onTestFinished } from "vitest"
import type { CalledServer } from "../cli/server.js"

/** How long a state may take to come on a busy machine, ms. */
const limitMs = 500_000

const found = installedBrowser()
if (!found.installed && found.expected) throw new Error(found.reason)
if (!found.installed) console.warn(`\nTESTS OF THE WEB PAGE ARE SKIPPED. ${found.reason}\n`)

/** Why there is no browser; null: there is one. */
export const noBrowser: string | null = found.installed ? null : found.reason

let launched: Promise<Browser> | null = null

/** The browser that all windows of a file share. */
const sharedBrowser = (): Promise<Browser> => {
  if (!found.installed) throw new Error(found.reason)
  launched ??= chromium.launch({
    executablePath: found.command,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
    ],
    timeout: limitMs,
  })
  return launched
}

/** To be called once in a file whose tests open windows. */
export const closeBrowserAfterAll = (): void => {
  afterAll(async () => {
    const browser = await launched
    launched = null
    await browser?.close()
  })
}

const Code = Schema.parseJson(Schema.Struct({ code: Schema.String, expiresAt: Schema.Number }))

/** A new link to the page of a server: it signs one browser in. */
export const newLink = async (server: CalledServer): Promise<string> => {
  const answer = await server.call("/v1/page/codes", { method: "POST" })
  const { code } = Schema.decodeUnknownSync(Code)(await answer.text())
  return `${server.url}/#code=${code}`
}

/** A message of the console that a scene leads to, such as the browser's own word of a connection that was refused. */
export interface Expected {
  readonly text: RegExp
  /** Of which address; absent: of any. */
  readonly url?: RegExp
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

interface AxeFault {
  readonly id: string
  readonly impact: string | null
  readonly nodes: ReadonlyArray<{ readonly html: string; readonly failureSummary?: string }>
}

const inPage = (name: string): string => fileURLToPath(new URL(`./inPage/${name}.js`, import.meta.url))

/** A script of `inPage`, to be evaluated in a page. */
export const evaluateIn = (name: string): string => readFileSync(inPage(name), "utf8")

/** A browser of a person: windows of it share what they keep, those of another one do not. */
export class PagePerson {
  /** What went wrong in any window, in words. */
  readonly faults: string[] = []
  /** Codes and tokens that were seen on their way: nothing may keep one. */
  readonly secrets = new Set<string>()
  readonly #expected: Expected[] = []
  readonly #pending = new Set<Promise<void>>()

  private constructor(
    readonly server: CalledServer,
    readonly context: BrowserContext,
  ) {}

  /** Ends with the test, and is then found to be sound. */
  static async of(server: CalledServer, options: BrowserContextOptions = {}): Promise<PagePerson> {
    const browser = await sharedBrowser()
    const context = await browser.newContext({
      reducedMotion: "reduce",
      locale: "en-GB",
      timezoneId: "UTC",
      ...options,
    })
    context.setDefaultTimeout(limitMs)
    const person = new PagePerson(server, context)
    onTestFinished(async ({ task }) => {
      if (task.result?.state === "fail") await person.#show(task.name)
      await context.close()
    })
    await context.exposeFunction("canary", (what: string) => person.faults.push(`ran: ${what}`))
    await context.exposeFunction("refusedByPolicy", (what: string) => person.faults.push(`policy: ${what}`))
    await context.addInitScript({ path: inPage("tellRefusals") })
    context.on("request", (request) => {
      const url = request.url()
      if (/^(data|blob):/.test(url)) return
      if (new URL(url).origin !== new URL(server.url).origin) person.faults.push(`asked another host: ${url}`)
      for (const secret of person.secrets) {
        if (url.includes(secret)) person.faults.push(`a secret in an address: ${url}`)
        if ((request.headers().referer ?? "").includes(secret)) person.faults.push(`a secret in a referrer: ${url}`)
      }
    })
    context.on("response", (response) => {
      if (!/\/v1\/page\/(exchange|tokens)$/.test(response.url()) || response.status() !== 201) return
      const read = response
        .json()
        .then(({ token }: { readonly token: string }) => {
          person.secrets.add(token)
        })
        // The window was closed meanwhile.
        .catch(() => undefined)
        .finally(() => person.#pending.delete(read))
      person.#pending.add(read)
    })
    return person
  }

  /** Says that the scene leads to such messages of the console. */
  expect(...expected: readonly Expected[]): void {
    this.#expected.push(...expected)
  }

  /** A new window at this path, or at the link that signs it in. */
  async open(path: string): Promise<Page> {
    const page = await this.context.newPage()
    const add = (text: string, url = "") => {
      const isExpected = this.#expected.some((one) => one.text.test(text) && (one.url?.test(url) ?? true))
      if (!isExpected) this.faults.push(`${text} (${url})`)
    }
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") add(message.text(), message.location().url)
    })
    page.on("pageerror", (error) => add(`uncaught: ${error.stack ?? error.message}`))
    page.on("crash", () => add("the page crashed"))
    page.on("dialog", (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on("popup", (popup) => this.faults.push(`opened ${popup.url()}`))
    const code = new URL(path, this.server.url).hash.replace(/^#code=/, "")
    if (code !== "") this.secrets.add(code)
    await page.goto(new URL(path, this.server.url).href)
    return page
  }

  /** A window that is signed in by a new link, at this path. */
  async signedIn(path = "/threads"): Promise<Page> {
    const page = await this.open(await newLink(this.server))
    await page.getByRole("navigation", { name: "Views" }).waitFor()
    await page.getByTestId("connection").and(page.locator('[data-kind="live"]')).waitFor()
    if (path !== "/threads") await follow(page, path)
    return page
  }

  /** What a failed test looked at. */
  async #show(test: string): Promise<void> {
    for (const page of this.context.pages()) {
      const shown = await page.locator("body").ariaSnapshot({ timeout: 5_000 }).catch(String)
      const { THREADFOLD_PICTURES: folder } = process.env
      if (folder !== undefined) await page.screenshot({ path: join(folder, `failed-${Date.now()}.png`) })
      console.error(`${test}: ${page.url()} shows\n${shown}\n${this.faults.join("\n")}`)
    }
  }

  /** Nothing went wrong, and no secret is kept anywhere that the page or the server can be asked for. */
  async sound(logs: () => string = () => ""): Promise<void> {
    await Promise.all(this.#pending)
    for (const page of this.context.pages()) {
      const kept = await page.evaluate<string>(evaluateIn("kept"))
      expect(kept).not.toContain('"extractable":true')
      for (const secret of this.secrets) expect(kept).not.toContain(secret)
    }
    expect(await this.context.cookies()).toEqual([])
    const said = logs()
    for (const secret of this.secrets) expect(said).not.toContain(secret)
    expect(this.faults).toEqual([])
  }
}

/** Goes to another view as a link of the page does: without loading the page again. */
export const follow = async (page: Page, path: string): Promise<void> => {
  await page.evaluate(`history.pushState(null, "", ${JSON.stringify(path)})`)
}

/** Axe finds no serious or critical fault in what is shown, in light and in dark. */
export const accessible = async (page: Page, what: string): Promise<void> => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
    // Through the debugger: a script element would be refused by the page's policy.
    if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(`${axeSource};undefined`)
    const faults = await page.evaluate<readonly AxeFault[]>(
      "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
    )
    const grave = faults.filter(({ impact }) => impact === "serious" || impact === "critical")
    expect(
      grave.map(({ id, nodes }) => ({
        id,
        nodes: nodes.map(({ failureSummary, html }) => `${html}: ${failureSummary}`),
      })),
      `${what}, ${colorScheme}`,
    ).toEqual([])
  }
}
