import { describe, expect, it } from "@effect/vitest"
import { parseOrigin } from "./crossOrigin.js"

describe("an origin that is let in", () => {
  it.each([
    ["http://localhost:5173", "http://localhost:5173"],
    ["HTTPS://Example.org", "https://example.org"],
    ["http://127.0.0.1:80", "http://127.0.0.1"],
    ["http://[::1]:5173", "http://[::1]:5173"],
    ["app://desk", "app://desk"],
    ["app://.", "app://."],
    ["vscode-webview://0a1b2c", "vscode-webview://0a1b2c"],
    ["chrome-extension://abcdefgh", "chrome-extension://abcdefgh"],
  ])("is what a browser sends: %s", (text, origin) => expect(parseOrigin(text)).toBe(origin))

  it.each([
    "null",
    "*",
    "",
    "localhost:5173",
    "http://*",
    "http://*.example.org",
    "http://a/path",
    "http://a/",
    "http://a?b",
    "http://a#b",
    "http://user@a",
    "http://a, http://b",
    "http://a b",
    "http://a\\b",
    "file://",
    "data:text/html,x",
    "javascript:0",
    "http://a:99999",
  ])("is nothing else: %j", (text) => expect(parseOrigin(text)).toBeNull())
})
