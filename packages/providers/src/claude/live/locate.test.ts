import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { locateSdk, sdkPackage } from "./locate.js"

let folder = ""
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "threadfold-locate-")))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** Installs a package in a `node_modules`; gives its entry module. */
const install = (modules: string, version: string): string => {
  const place = join(modules, ...sdkPackage.split("/"))
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, "package.json"), JSON.stringify({ name: sdkPackage, version, main: "sdk.mjs" }))
  writeFileSync(join(place, "sdk.mjs"), "")
  return join(place, "sdk.mjs")
}

describe("the Claude Agent SDK", () => {
  it("is where somebody says, as a module or as its folder", () => {
    const module = install(join(folder, "node_modules"), "0.3.1")
    expect(locateSdk({ sdk: module })).toEqual({ module, version: "0.3.1" })
    expect(locateSdk({ sdk: join(module, "..") })).toEqual({ module, version: "0.3.1" })
  })

  it("is in the data directory before any other place", () => {
    const module = install(join(folder, "data", "node_modules"), "1.0.0")
    const elsewhere = install(join(folder, "all"), "2.0.0")
    vi.stubEnv("NODE_PATH", join(folder, "all"))
    expect(locateSdk({ dataDirectory: join(folder, "data") })).toEqual({ module, version: "1.0.0" })
    expect(locateSdk({ dataDirectory: join(folder, "empty") })).toEqual({ module: elsewhere, version: "2.0.0" })
  })

  it("is above the current directory", () => {
    const module = install(join(folder, "node_modules"), "3.0.0")
    const here = join(folder, "a", "b")
    mkdirSync(here, { recursive: true })
    const cwd = vi.spyOn(process, "cwd").mockReturnValue(here)
    expect(locateSdk({})).toEqual({ module, version: "3.0.0" })
    cwd.mockRestore()
  })

  it("that is nowhere is to be installed, and where", () => {
    const cwd = vi.spyOn(process, "cwd").mockReturnValue(folder)
    expect(locateSdk({ dataDirectory: "/data" })).toEqual({
      problem: `The Claude Agent SDK is not installed. Install it with \`npm install --prefix /data ${sdkPackage}\`, or set the sdk of this provider to its folder.`,
    })
    expect(locateSdk({})).toMatchObject({ problem: expect.stringContaining(`npm install --global ${sdkPackage}`) })
    cwd.mockRestore()
  })

  it("that was said to be where nothing is, or no package, is to be corrected", () => {
    expect(locateSdk({ sdk: join(folder, "none") })).toMatchObject({ problem: expect.stringContaining("There is no") })
    expect(locateSdk({ sdk: folder })).toMatchObject({ problem: expect.stringContaining("is no npm package") })
  })

  it("whose version nobody wrote down is of an unknown one", () => {
    writeFileSync(join(folder, "package.json"), "{}")
    const module = join(folder, "sdk.mjs")
    writeFileSync(module, "")
    expect(locateSdk({ sdk: module })).toEqual({ module, version: "unknown" })
  })
})
