import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { installedBrowser } from "./installedBrowser.js"

let folder = ""
const program = (name: string, mode = 0o755): string => {
  const file = join(folder, name)
  writeFileSync(file, "#!/bin/sh\n")
  chmodSync(file, mode)
  return file
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "threadfold-browser-"))
  vi.stubEnv("PATH", folder)
  vi.stubEnv("THREADFOLD_BROWSER", undefined)
  vi.stubEnv("CI", undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(process.platform === "win32")("the browser of the tests", () => {
  it("is Debian's Chromium before another one", () => {
    program("google-chrome")
    const command = program("chromium")
    expect(installedBrowser()).toEqual({ installed: true, command })
  })

  it("is the program that the environment names", () => {
    program("chromium")
    const other = program("other")
    vi.stubEnv("THREADFOLD_BROWSER", other)
    expect(installedBrowser()).toEqual({ installed: true, command: other })
    vi.stubEnv("THREADFOLD_BROWSER", program("text", 0o644))
    expect(installedBrowser()).toMatchObject({ installed: false, expected: true })
    vi.stubEnv("THREADFOLD_BROWSER", "none")
    expect(installedBrowser()).toMatchObject({ installed: false, expected: false })
  })

  it.skipIf(process.platform === "darwin")("is expected where CI could have installed it", () => {
    expect(installedBrowser()).toMatchObject({ installed: false, expected: false })
    vi.stubEnv("CI", "true")
    expect(installedBrowser()).toMatchObject({ installed: false, expected: false })
    program("apt-get")
    expect(installedBrowser()).toMatchObject({ installed: false, expected: true })
    vi.stubEnv("CI", undefined)
    expect(installedBrowser()).toMatchObject({ installed: false, expected: false })
  })
})
