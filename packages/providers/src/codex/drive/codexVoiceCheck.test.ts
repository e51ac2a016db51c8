/** Which starts of Codex's voice are refused for a key that is certainly missing. Each case was tried with Codex 0.169 itself. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { makeCodexVoice } from "./codexVoice.js"
import { type CodexSays, type KeyPlaces, missingKey } from "./codexVoiceCheck.js"

const none: KeyPlaces = { hasVariable: () => false, mayHaveDotEnv: false, mayHaveLogin: false }
const says = (entry: object, login: object = {}, config: object = {}): CodexSays => ({
  provider: "mock",
  config: { cli_auth_credentials_store: "file", model_providers: { mock: entry }, ...config },
  login: { authMethod: null, requiresOpenaiAuth: false, ...login },
})
const own = (login: object): CodexSays => ({ ...says({}, { requiresOpenaiAuth: true, ...login }), provider: "openai" })

describe("a key of Codex's voice that is certainly missing", () => {
  it.each([
    ["nothing has one", says({ env_key: null, experimental_bearer_token: null }), none, "codex login"],
    ["a variable that is not set", says({ env_key: "MINE" }), none, "MINE"],
    ["its own provider, not logged in", own({}), none, "codex login"],
    ["a login of a person", own({ authMethod: "chatgpt" }), { ...none, mayHaveLogin: true }, "account"],
  ] as const)("%s", (_, said, places, advice) => {
    expect(missingKey(said, places)).toMatchObject({ check: "key", message: expect.stringContaining(advice) })
  })

  it.each([
    ["a variable that is set", says({ env_key: "MINE" }), { ...none, hasVariable: (name: string) => name === "MINE" }],
    ["a variable that a file may set", says({ env_key: "MINE" }), { ...none, mayHaveDotEnv: true }],
    ["a token in the configuration", says({ experimental_bearer_token: "x" }), none],
    ["a key that is logged in", own({ authMethod: "apikey" }), none],
    [
      "the variable of its own provider",
      own({}),
      { ...none, hasVariable: (name: string) => name === "OPENAI_API_KEY" },
    ],
    ["a login that it does not tell of", says({}), { ...none, mayHaveLogin: true }],
    ["a login in the system's store", says({}, {}, { cli_auth_credentials_store: "keyring" }), none],
    ["a way to log in that is not known here", own({ authMethod: "later" }), none],
    ["a provider that is not told of", { ...says({}), provider: "other" }, none],
  ] as const)("is not claimed of %s", (_, said, places) => {
    expect(missingKey(said, places)).toBeNull()
  })
})

describe("the voices that Codex lists", () => {
  const listed = (answer: unknown) =>
    Effect.runSyncExit(
      makeCodexVoice({
        deliver: () => Effect.die("nothing is started"),
        settled: () => Effect.succeed(answer),
        unrecorded: () => Effect.die("nothing is checked"),
        keyPlaces: () => none,
      }).voices,
    )

  it("are each there once, by version, whatever a version is called", () => {
    const voices = JSON.parse('{"v2": ["cedar", "cedar", 7], "__proto__": ["marin"], "defaultV2": "cedar"}')
    const found = Exit.getOrElse(listed({ voices }), () => null)
    expect(Object.entries(found?.versions ?? {})).toEqual([
      ["v2", ["cedar"]],
      ["__proto__", ["marin"]],
    ])
    expect(found?.defaults).toEqual({ v2: "cedar" })
  })

  it.each([{}, null, [], { voices: ["cedar"] }, { voices: "cedar" }])(
    "are not known where the answer has another form: %j",
    (answer) => {
      expect(listed(answer)).toMatchObject({
        _tag: "Failure",
        cause: { error: { _tag: "Refused", operation: "list" } },
      })
    },
  )
})
