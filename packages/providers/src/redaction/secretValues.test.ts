import { describe, expect, it } from "vitest"
import { secretValues, withoutSecrets } from "./secretValues.js"

describe("a stored command line", () => {
  it("holds no value whose name says that it is secret", () => {
    const command = [
      "codex",
      "-c",
      'a.bearer_token="s3cret"',
      "--api-key",
      "k",
      "--model",
      "m",
      "--token=t",
      "-c",
      "x=1",
    ]
    expect(withoutSecrets(command)).toEqual([
      "codex",
      "-c",
      "a.bearer_token=[removed]",
      "--api-key",
      "[removed]",
      "--model",
      "m",
      "--token=[removed]",
      "-c",
      "x=1",
    ])
  })
})

describe("secrets of an environment", () => {
  it("are the values of secret names and the passwords of URLs, if they are no everyday words", () => {
    const env = {
      OPENAI_API_KEY: "sk-0123456789",
      GH_TOKEN: "ghp_abcdefghijkl",
      HTTPS_PROXY: "http://me:hunter2hunter@proxy:8080",
      HTTP_PROXY: "http://proxy:8080",
      SHORT_TOKEN: "abc",
      TOKEN_FILE: "/run/secrets/token",
      SECRETS_DIR: "/home/me/project/secrets",
      MAX_OUTPUT_TOKENS: "100000000",
      TOKEN_EXPIRY: "1790000000",
      PATH: "/usr/bin",
    }
    expect(secretValues(env)).toEqual(["ghp_abcdefghijkl", "sk-0123456789", "hunter2hunter"])
  })
})
