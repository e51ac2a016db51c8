/** `export` and `import threadfold` alone and beside a server. */
import { createHash } from "node:crypto"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { CheckReport, ExportReport, ImportReport, VerifyReport } from "@threadfold/contracts"
import { recording } from "@threadfold/testkit"
import { describe, expect, it } from "vitest"
import { document, problemOf, temporary, threadfold } from "./program.js"
import { serveHere } from "./server.js"

const plain = recording("codex-01-plain").path
const voice = recording("codex-40-realtime-base").path

const verified = (directory: string) => document(VerifyReport, ["verify", "--bytes", "--data-dir", directory])

describe("a bundle", () => {
  it("takes a log to another place whole, alone and through a server, and adds nothing twice", async () => {
    const parent = temporary()
    const [from, alone, served] = [join(parent, "from"), join(parent, "alone"), join(parent, "served")]
    const file = join(parent, "x.bundle")
    await document(ImportReport, ["import", "codex-app-server", plain, voice, "--data-dir", from])
    const exported = await document(ExportReport, ["export", file, "--redact", "none", "--data-dir", from])
    const original = await verified(from)
    expect([exported.hash, exported.fileBytes]).toEqual([original.hash, statSync(file).size])
    expect(statSync(file).mode & 0o777).toBe(0o600)

    const server = await serveHere(served)
    for (const directory of [alone, served]) {
      const args = ["import", "threadfold", file, "--data-dir", directory]
      const report = await document(ImportReport, args)
      expect(report.events).toBe(exported.events)
      expect(report.bundle).toMatchObject({ proven: true, hash: original.hash, redaction: "none" })
      expect(report.bundle?.streams.every(({ settled, status }) => settled === 0 && status === "imported")).toBe(true)
      expect((await document(ImportReport, args)).events).toBe(0)
    }
    const copied = await document(ImportReport, ["import", "threadfold", file, "--as-copy", "--data-dir", served])
    expect(copied.events).toBe(exported.events)
    expect(copied.threads.map(({ threadId }) => threadId)).not.toEqual(exported.threads.map(({ threadId }) => threadId))
    // A server exports beside its work, from a copy of one moment.
    const again = await document(ExportReport, [
      "export",
      join(parent, "y.bundle"),
      "--redact",
      "none",
      "--data-dir",
      served,
    ])
    expect(again.events).toBe(2 * exported.events)
    await server.stop()

    expect(await verified(alone)).toMatchObject({ ok: true, hash: original.hash })
    expect(await verified(served)).toMatchObject({ ok: true })
    expect(await document(CheckReport, ["check", "--data-dir", served])).toEqual({ ok: true, violations: [] })
  })

  it("goes into a page that holds nothing else of others, and can be taken out of it again", async () => {
    const parent = temporary()
    const [from, to, file] = [join(parent, "from"), join(parent, "to"), join(parent, "x.html")]
    await document(ImportReport, ["import", "codex-app-server", plain, "--data-dir", from])
    const looked = await document(ExportReport, ["export", "--html", "--preview", "--data-dir", from])
    expect([looked.file, looked.fileBytes, existsSync(file)]).toEqual([null, 0, false])
    const report = await document(ExportReport, ["export", "--html", file, "--redact", "none", "--data-dir", from])
    const text = readFileSync(file, "utf8")
    expect([report.file, report.fileBytes, statSync(file).mode & 0o777]).toEqual([file, Buffer.byteLength(text), 0o600])

    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1] ?? ""
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("connect-src 'none'")
    expect(policy).not.toMatch(/unsafe|'self'|https?:|\*/)
    const elements = [...text.matchAll(/<(script|style)([^>]*)>([\s\S]*?)<\/\1>/g)]
    const [style, worker, held, script] = elements.map(([, , attributes, inner]) => ({
      attributes,
      inner: inner ?? "",
    }))
    expect(elements.length).toBe(4)
    expect(worker?.attributes).toContain('type="text/plain"')
    for (const [name, { inner } = { inner: "" }] of [
      ["script-src", script],
      ["style-src", style],
    ] as const) {
      expect(policy).toContain(`${name} 'sha256-${createHash("sha256").update(inner).digest("base64")}'`)
    }
    // Outside of its scripts and its sheet it names nothing to be loaded.
    const markup = text.replace(/(<(script|style)[^>]*>)[\s\S]*?<\/\2>/g, "$1")
    expect(markup.match(/(src|href|action|url)\s*[=(]\s*\S+/g)).toEqual(['href="data:,">'])

    const bundle = join(parent, "x.bundle")
    writeFileSync(bundle, Buffer.from(held?.inner ?? "", "base64"))
    const back = await document(ImportReport, ["import", "threadfold", bundle, "--data-dir", to])
    expect(back).toMatchObject({ events: report.events, bundle: { proven: true, hash: report.hash } })
    const again = await threadfold(["export", "--html", file, "--json", "--data-dir", from])
    expect([again.code, problemOf(again)]).toMatchObject([2, { detail: expect.stringContaining("exists already") }])
    expect(readFileSync(file, "utf8") === text).toBe(true)
  })

  it("is masked unless asked otherwise, and a preview says what that takes out", async () => {
    const parent = temporary()
    const directory = join(parent, "data")
    const file = join(parent, "x.bundle")
    await document(ImportReport, ["import", "codex-app-server", plain, "--data-dir", directory])
    const preview = await document(ExportReport, ["export", "--preview", "--data-dir", directory])
    expect([preview.file, preview.fileBytes, existsSync(file)]).toEqual([null, 0, false])
    const report = await document(ExportReport, ["export", file, "--data-dir", directory])
    expect(report).toEqual({ ...preview, file, fileBytes: statSync(file).size, places: [] })
    expect(gunzipSync(readFileSync(file)).toString()).toContain('"redaction":"masked"')
    const masked = await document(ImportReport, ["import", "threadfold", file, "--data-dir", join(parent, "other")])
    expect(masked.bundle).toMatchObject({ redaction: "masked", proven: true, hash: report.hash })
    expect(await verified(join(parent, "other"))).toMatchObject({ ok: true, hash: report.hash })
    // Beside what it was made of it is another content.
    const beside = await threadfold(["import", "threadfold", file, "--json", "--data-dir", directory])
    if (report.hash !== (await verified(directory)).hash) {
      expect([beside.code, problemOf(beside).type]).toEqual([2, "urn:threadfold:problem:bundle-conflict"])
    }
  })

  it("that is no bundle, or cut, is refused with a problem, and nothing is written over", async () => {
    const parent = temporary()
    const [from, to] = [join(parent, "from"), join(parent, "to")]
    const file = join(parent, "x.bundle")
    await document(ImportReport, ["import", "codex-app-server", plain, "--data-dir", from])
    await document(ExportReport, ["export", file, "--data-dir", from])
    const bytes = readFileSync(file)
    const cut = join(parent, "cut.bundle")
    writeFileSync(cut, bytes.subarray(0, bytes.length - 20))
    const calls: readonly (readonly [readonly string[], number, string])[] = [
      [["import", "threadfold", plain, "--data-dir", to], 3, "not-a-bundle"],
      [["import", "threadfold", cut, "--data-dir", to], 3, "bundle-damaged"],
      [["export", file, "--data-dir", from], 2, "invalid-request"],
    ]
    for (const [args, code, slug] of calls) {
      const end = await threadfold([...args, "--json"])
      const line = { stdout: end.stdout, stderr: end.stderr.trimEnd().split("\n").at(-1) ?? "" }
      expect([args, end.code, problemOf(line).type]).toEqual([args, code, `urn:threadfold:problem:${slug}`])
    }
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })
})
