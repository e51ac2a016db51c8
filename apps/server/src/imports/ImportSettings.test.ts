import { resolve } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { ConfigFile } from "../config/ConfigFile.js"
import { defaultImportLimits, importLimits } from "./ImportSettings.js"

describe("limits of imports", () => {
  it("are the defaults where nothing is said: no path of the machine is read", () => {
    expect(importLimits({}, "/etc/threadfold", null)).toEqual({ root: null, uploadBytes: 1024 ** 3, concurrent: 2 })
  })

  it("take a root relative to the configuration, and one of the environment before it", () => {
    expect(importLimits({ root: "recordings" }, "/etc/threadfold", null).root).toBe("/etc/threadfold/recordings")
    expect(importLimits({ root: "/srv/recordings", uploadBytes: 5, concurrent: 1 }, "/etc", null)).toEqual({
      root: "/srv/recordings",
      uploadBytes: 5,
      concurrent: 1,
    })
    expect(importLimits({ root: "recordings" }, "/etc", "here")).toEqual({
      ...defaultImportLimits,
      root: resolve("here"),
    })
  })

  it.effect("are refused in a configuration where they make no sense", () =>
    Effect.gen(function* () {
      const decode = Schema.decodeUnknown(ConfigFile, { onExcessProperty: "error" })
      expect(yield* decode({ imports: { concurrent: 4 } })).toEqual({ imports: { concurrent: 4 } })
      for (const imports of [{ concurrent: 0 }, { uploadBytes: -1 }, { root: "" }, { folder: "x" }]) {
        expect((yield* Effect.either(decode({ imports })))._tag).toBe("Left")
      }
    }),
  )
})
