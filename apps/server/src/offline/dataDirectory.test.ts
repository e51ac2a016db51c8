import { describe, expect, it } from "vitest"
import { defaultDataDirectory, homeOf } from "./dataDirectory.js"

describe("the default data directory", () => {
  it("is what the environment says, else the platform's usual place", () => {
    const at = (platform: NodeJS.Platform, env: Readonly<Record<string, string>>) =>
      defaultDataDirectory({ platform, env, home: "/home/ada" })
    expect(at("linux", { THREADFOLD_DATA_DIR: "/data", XDG_DATA_HOME: "/xdg" })).toBe("/data")
    expect(at("linux", { XDG_DATA_HOME: "/xdg" })).toBe("/xdg/threadfold")
    expect(at("linux", { XDG_DATA_HOME: "relative", THREADFOLD_DATA_DIR: "" })).toBe(
      "/home/ada/.local/share/threadfold",
    )
    expect(at("linux", {})).toBe("/home/ada/.local/share/threadfold")
    expect(at("darwin", { XDG_DATA_HOME: "/xdg" })).toBe("/home/ada/Library/Application Support/threadfold")
    expect(at("win32", { LOCALAPPDATA: "/local" })).toBe("/local/threadfold")
    expect(at("win32", { LOCALAPPDATA: "relative" })).toBe("/home/ada/AppData/Local/threadfold")
  })

  it("is never in the current directory because HOME names no folder", () => {
    expect(["", ".", "home/ada"].map((named) => homeOf(named, () => "/home/known"))).toEqual(
      Array(3).fill("/home/known"),
    )
    expect(homeOf("/home/ada", () => "/home/known")).toBe("/home/ada")
  })
})
