import { expect, it } from "@effect/vitest"
import fc from "fast-check"
import { type Held, HeldSecrets } from "./HeldSecrets.js"

const limits = { perOwner: 2, inAll: 3, lifeMs: 100 }

it("gives each secret once, and holds none of its characters", () => {
  const held = new HeldSecrets<string>(limits)
  const { expiresAt, secret } = held.add("a", "first", 5)
  expect([secret.length, expiresAt]).toEqual([43, 105])
  expect(
    JSON.stringify([...Object.values(held)].map((part) => (part instanceof Map ? [...part] : part))),
  ).not.toContain(secret)
  expect(held.find(secret, 6)).toMatchObject({ owner: "a", value: "first" })
  expect(held.take(secret, 6)).toMatchObject({ owner: "a", value: "first" })
  expect([held.take(secret, 6), held.find(secret, 6), held.size]).toEqual([null, null, 0])
  for (const none of ["", secret.slice(1), `${secret}x`, "x".repeat(43)]) expect(held.find(none, 6)).toBeNull()
})

it("is over when its time is, whether the clock goes back or not", () => {
  const held = new HeldSecrets<null>(limits)
  const { secret } = held.add("a", null, 0)
  expect(held.find(secret, 99)).not.toBeNull()
  expect(held.find(secret, 100)).toBeNull()
  expect(held.take(secret, 100)).toBeNull()
  expect(held.take(secret, 0)).toBeNull()
})

it("never holds more than it may, and ends the oldest", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat({ max: 40 })), { maxLength: 60 }), (steps) => {
      const ended: Held<number>[] = []
      const held = new HeldSecrets<number>(limits, (one) => ended.push(one))
      let now = 0
      const given: { owner: string; secret: string }[] = []
      steps.forEach(([owner, passed], index) => {
        now += passed
        given.push({ owner, secret: held.add(owner, index, now).secret })
        expect(held.size).toBeLessThanOrEqual(limits.inAll)
        expect(held.valuesOf(owner).length).toBeLessThanOrEqual(limits.perOwner)
        // The newest is always there.
        expect(held.valuesOf(owner)).toContain(index)
      })
      // Of each owner the newest are left.
      for (const owner of ["a", "b", "c"]) {
        const own = given.filter((one) => one.owner === owner)
        const left = own.map(({ secret }) => held.find(secret, now) !== null)
        expect(left.lastIndexOf(false)).toBe(left.filter((is) => !is).length - 1)
      }
      expect(new Set(ended.map(({ value }) => value)).size).toBe(ended.length)
      expect(ended.length + held.size).toBe(given.length)
    }),
  )
})

it("ends what an owner has, and nothing of others", () => {
  const ended: string[] = []
  const held = new HeldSecrets<string>({ ...limits, inAll: 10, lifeMs: null }, ({ value }) => ended.push(value))
  const [mine, , other] = [held.add("a", "1", 0), held.add("a", "2", 0), held.add("b", "3", 0)]
  held.endOf("a")
  expect(ended).toEqual(["1", "2"])
  expect([held.find(mine.secret, 0), held.find(other.secret, 1e15)?.value]).toEqual([null, "3"])
})
