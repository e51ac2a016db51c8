/** Texts that are made to be slow to look through, and harmless ones that look like keys. */
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { findSecrets } from "./detectors.js"

const hash = (algorithm: string, text: string, form: "hex" | "base64"): string =>
  createHash(algorithm).update(text).digest(form)

/** What is repeated, against one pattern each; `ahead` and `behind` stand once, so that the pattern is tried and fails late. */
const hostile: readonly {
  readonly name: string
  readonly unit: string
  readonly ahead?: string
  readonly behind?: string
}[] = [
  { name: "heads of private keys", unit: "-----BEGIN PRIVATE KEY----- " },
  { name: "words in the head of a private key", unit: "A ", ahead: "-----BEGIN " },
  { name: "kinds of data", unit: ";a=b", ahead: "data:x", behind: " ;base64," },
  { name: "beginnings of data", unit: "data:image/png", behind: ";base64," },
  { name: "words of AWS", unit: 'aws secret "' },
  { name: "signs after AWS", unit: "=", ahead: "aws" },
  { name: "beginnings of GitLab", unit: "gl" },
  { name: "beginnings of GitHub", unit: "ghp_" },
  { name: "keys of OpenAI, cut off", unit: "sk-proj-abc " },
  { name: "beginnings of Slack", unit: "xapp-1-a-1-" },
  { name: "keys of Google, glued", unit: "AIza" },
  { name: "letters of Discord", unit: "MNO" },
  { name: "beginnings of tokens of the web", unit: "eyJ" },
  { name: "tokens of the web, cut off", unit: "eyJabcdefgh." },
  { name: "schemes", unit: "a://" },
  { name: "users of addresses", unit: "x", ahead: "https://" },
  { name: "signs in addresses", unit: "@a", ahead: "https://u:" },
  { name: "addresses without an end", unit: "ab://u:p@'" },
  { name: "words before credentials", unit: "basic bearer " },
  { name: "blanks before credentials", unit: " ", ahead: "bearer", behind: "basic" },
  { name: "entries of netrc", unit: "default login ", ahead: "password " },
  { name: "logins of netrc", unit: "login a ", ahead: "password machine x " },
  { name: "options of users", unit: " -u -u=" },
  { name: "names of cookies", unit: "cookie:" },
  { name: "dashes", unit: "-" },
  { name: "options with long names", unit: " --a-b-c" },
  { name: "names of databases", unit: "mysql " },
  { name: "stars", unit: "*", behind: ":5432:" },
  { name: "fields of a password file", unit: "a:543:b:c:" },
  { name: "parts of names", unit: "_a", ahead: "token " },
  { name: "names without a value", unit: "token=" },
  { name: "ampersands", unit: "&a", ahead: "token=" },
  { name: "folders of people", unit: "-home-a", behind: "*" },
  { name: "folders with blanks", unit: "/home/a b" },
  { name: "labels of an address", unit: "a.", ahead: "a@" },
  { name: "signs of addresses", unit: "a@" },
  { name: "letters of an address", unit: "a", ahead: "@" },
  { name: "found keys", unit: "AKIAABCDEFGHIJKLMNOP " },
  { name: "escapes", unit: "\\\\\\u0041" },
  { name: "percent signs", unit: "%41%" },
  { name: "colours", unit: "\u001b[1" },
]

const textOf = ({ ahead = "", behind = "", unit }: (typeof hostile)[number], length: number): string =>
  `${ahead}${unit.repeat(Math.ceil(length / unit.length))}${behind}`

/** CPU time of a search, ms. */
const cost = (text: string): number => {
  const before = process.cpuUsage()
  findSecrets(text)
  const { system, user } = process.cpuUsage(before)
  return (user + system) / 1000
}

const short = 32 * 1024
/** Below this nothing can be said, ms. */
const noise = 300

describe("a text that is made to be slow", () => {
  it.each(hostile)("of $name takes time in proportion to its length", (one) => {
    // Four times the length takes four times as long; where the time grows with the square it is sixteen times.
    const first = Math.min(cost(textOf(one, short)), cost(textOf(one, short)))
    const second = cost(textOf(one, 4 * short))
    expect(second).toBeLessThan(Math.max(noise, 9 * first))
    // And 1 MiB is thirty-two times.
    expect(cost(textOf(one, 1024 * 1024))).toBeLessThan(Math.max(8 * noise, 100 * first))
  })
})

describe("nothing is seen in", () => {
  const image = Array.from({ length: 40 }, (_, index) => hash("sha512", `${index}`, "base64").replaceAll("=", "")).join(
    "",
  )
  const commit = hash("sha1", "a commit", "hex")
  it.each([
    ["a commit", `commit ${commit}\nMerge: ${commit.slice(0, 7)} ${commit.slice(7, 14)}`],
    ["a diff", `index ${commit.slice(0, 7)}..${commit.slice(9, 16)} 100644\n--- a/src/token.ts\n+++ b/src/token.ts`],
    ["a SHA-256", `sha256:${hash("sha256", "an image", "hex")}`],
    ["an integrity", `"integrity": "sha512-${hash("sha512", "a package", "base64")}"`],
    ["a UUID", "id=3f2504e0-4f89-41d3-9a0c-0305e82c3301 01a1f87e-fe64-7381-a7cb-72c45aa97858"],
    ["an image of a few bytes", 'src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="'],
    [
      "minified code",
      '!function(e,t){for(var n=0;n<t.length;n++){var r=t[n];r.key=r.token||"x",Object.defineProperty(e,r.key,r)}}(a,b);',
    ],
    ["a source map", '{"version":3,"mappings":"AAAA,SAASA,IAAI,GAAGC,KAAKC,MAAMC,OAAO","names":["token","password"]}'],
    [
      "an image of a message",
      `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo${image}"}}`,
    ],
    ["types", "interface Login { password: string; token: string | null; apiKey?: string }"],
    ["a call", "const token = await getToken(user); password = readline.question('Password: ')"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell writes it so
    ["a variable", "API_KEY=$API_KEY TOKEN=${TOKEN} PASSWORD=$(pass show x) SECRET={{ secrets.X }}"],
    ["counts of tokens", '"total_tokens": 12345, "max_tokens": 4096, "cached_input_tokens":1024'],
    ["a version", "node@20.19.43 pkg@1.2.3-beta.4 registry/x@sha256"],
    ["a time and a place", "2026-11-29T16:00:00Z file.ts:120:14 12:34:56:78"],
    ["CSS", ".a{color:#a1b2c3;background:url(#x)}.token-string{color:#032f62}"],
    ["a stack", "at Object.<anonymous> (node:internal/modules/cjs/loader:1234:14)"],
  ])("%s", (_name, text) => {
    expect(findSecrets(text).map(({ kind, secret }) => [kind, secret])).toEqual([])
  })
})
