import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { locateSdk, sdkPackage } from "./locateSdk.js"

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

/** Runs with another current directory. */
const started = <A>(where: string, run: () => A): A => {
  const cwd = vi.spyOn(process, "cwd").mockReturnValue(where)
  try {
    return run()
  } finally {
    cwd.mockRestore()
  }
}

describe("the Claude Agent SDK", () => {
  it("is where the configuration says, as a module or as its folder, wherever that is", () => {
    const module = install(join(folder, "node_modules"), "0.3.1")
    for (const sdk of [module, join(module, "..")]) {
      expect(started(folder, () => locateSdk({ sdk }))).toMatchObject({ module, version: "0.3.1" })
    }
  })

  it("is in the data directory before any other place", () => {
    const module = install(join(folder, "data", "node_modules"), "1.0.0")
    const elsewhere = install(join(folder, "all"), "2.0.0")
    vi.stubEnv("NODE_PATH", join(folder, "all"))
    expect(locateSdk({ dataDirectory: join(folder, "data") })).toMatchObject({ module, version: "1.0.0" })
    expect(locateSdk({ dataDirectory: join(folder, "empty") })).toMatchObject({
      module: elsewhere,
      version: "2.0.0",
      why: expect.stringContaining("NODE_PATH"),
    })
  })

  it("is at the prefix of npm for all users", () => {
    const module = install(join(folder, "prefix", "lib", "node_modules"), "2.0.0")
    vi.stubEnv("npm_config_prefix", join(folder, "prefix"))
    expect(locateSdk({})).toMatchObject({ module, version: "2.0.0" })
  })

  it.each([
    ["in the current directory", "clone"],
    ["above the current directory", "clone/a/b"],
  ])("is never one %s, and the report says so", (_, where) => {
    const planted = install(join(folder, "clone", "node_modules"), "3.0.0")
    const here = join(folder, where)
    mkdirSync(here, { recursive: true })
    const missing = started(here, () => locateSdk({}))
    expect(missing).toMatchObject({
      problem: expect.stringContaining("is not used"),
      passedOver: [{ path: join(planted, ".."), why: expect.stringContaining("the current directory") }],
    })
    const ours = install(join(folder, "all"), "2.0.0")
    vi.stubEnv("NODE_PATH", join(folder, "all"))
    expect(started(here, () => locateSdk({}))).toMatchObject({ module: ours, passedOver: missing.passedOver })
  })

  it.each([
    ["NODE_PATH", "clone/node_modules", (clone: string) => join(clone, "node_modules")],
    ["NODE_PATH", "clone/vendor", (clone: string) => join(clone, "vendor")],
    ["NODE_PATH", "clone", () => "."],
    ["npm_config_prefix", "clone/prefix/lib/node_modules", (clone: string) => join(clone, "prefix")],
  ])("is none that %s leads to in %s", (variable, modules, value) => {
    install(join(folder, modules), "3.0.0")
    const clone = join(folder, "clone")
    vi.stubEnv(variable, value(clone))
    expect(started(clone, () => locateSdk({}))).toHaveProperty("problem")
  })

  it("is none of the folder of a thread, wherever the server was started", () => {
    const clone = join(folder, "clone")
    const module = install(join(clone, "vendor"), "3.0.0")
    vi.stubEnv("NODE_PATH", join(clone, "vendor"))
    expect(locateSdk({})).toMatchObject({ module })
    expect(locateSdk({ folder: clone })).toHaveProperty("problem")
  })

  it("that is nowhere is to be installed, and where", () => {
    started(folder, () => {
      expect(locateSdk({ dataDirectory: "/data" })).toMatchObject({
        problem: `The Claude Agent SDK is not installed. Install it with \`npm install --prefix /data ${sdkPackage}\`, or set the sdk of this provider to its folder.`,
      })
      expect(locateSdk({})).toMatchObject({ problem: expect.stringContaining(`npm install --global ${sdkPackage}`) })
    })
  })

  it("that was configured where nothing is, or no package, is to be corrected", () => {
    expect(locateSdk({ sdk: join(folder, "none") })).toMatchObject({ problem: expect.stringContaining("There is no") })
    expect(locateSdk({ sdk: folder })).toMatchObject({ problem: expect.stringContaining("is no npm package") })
  })

  it("whose package states no version is of an unknown one", () => {
    writeFileSync(join(folder, "package.json"), "{}")
    const module = join(folder, "sdk.mjs")
    writeFileSync(module, "")
    expect(locateSdk({ sdk: module })).toMatchObject({ module, version: "unknown" })
  })
})
