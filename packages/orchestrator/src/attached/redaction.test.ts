import { expect, it } from "vitest"
import { attachedRedaction } from "./redaction.js"

const secrets = ["sk-0123456789abcdef", "another-secret-value"] as const
const redaction = (idKey: string) => attachedRedaction({ values: secrets, onRedacted: () => {}, idKey })

const event = (secret: string) => ({
  type: `odd.${secret}`,
  channel: `adapter:${secret}`,
  seq: 1,
  at: 1,
  native: { turnId: secret, itemId: `item ${secret}`, requestId: JSON.stringify(secret), threadId: "plain" },
  payload: { said: `it is ${secret}`, [secret]: 1 },
  raw: JSON.stringify({ secret }),
})

it("no part of an event tells a secret, and ids that were two stay two", () => {
  const { redact } = redaction("key of a log")
  const [one, other] = secrets.map((secret) => redact(event(secret)))
  for (const secret of secrets) expect(JSON.stringify([one, other])).not.toContain(secret)
  for (const name of ["type", "channel"] as const) expect(one?.[name]).not.toBe(other?.[name])
  for (const name of ["turnId", "itemId", "requestId"] as const)
    expect(one?.native?.[name]).not.toBe(other?.native?.[name])
  expect(one?.native?.turnId).not.toBe(one?.native?.itemId)
  expect(one?.native?.threadId).toBe("plain")
  expect(one?.channel).toMatch(/^adapter:[A-Za-z0-9._-]{1,64}$/)
})

it("the same log gives the same id for ever, another one another", () => {
  const ids = ["a", "a", "b"].map((key) => redaction(key).redact(event(secrets[0])).native?.turnId)
  expect(ids[0]).toBe(ids[1])
  expect(ids[0]).not.toBe(ids[2])
})

it("a registration is redacted in the same way, and what holds nothing is as it was", () => {
  const { redact, registration } = redaction("key")
  const said = { provider: "p", leaseMs: 1_000, nativeThreadId: secrets[0], title: `on ${secrets[1]}`, cwd: "/w" }
  const clean = registration(said)
  expect(clean).toMatchObject({ provider: "p", title: "on [removed]", cwd: "/w" })
  expect(clean.nativeThreadId).toBe(redact(event(secrets[0])).native?.turnId)
  const plain = { ...event("nothing"), type: "turn.started" }
  expect(redact(plain)).toEqual(plain)
})
