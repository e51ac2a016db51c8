import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { checkPlatform } from "../doctor/machine.js"
import { requireSupported } from "./platform.js"

describe("the platform", () => {
  it.effect.each(["linux", "darwin"])("%s is supported", (platform) =>
    Effect.map(requireSupported(platform), () => {
      expect(checkPlatform(platform)).toMatchObject({ status: "ok" })
    }),
  )

  it.effect.each(["win32", "freebsd", "android", "", "toString"])(
    "%s is refused, and what to use instead is said",
    (platform) =>
      Effect.map(Effect.flip(requireSupported(platform)), (error) => {
        expect(error).toMatchObject({ _tag: "PlatformUnsupported", platform })
        expect(error.message).toContain("WSL 2")
        const check = checkPlatform(platform)
        expect(check).toMatchObject({ status: "problem", next: expect.stringContaining("WSL 2") })
      }),
  )
})
