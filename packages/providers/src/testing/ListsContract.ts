/** The part of the driver suite about what an agent says of itself. */
import { expect, it } from "@effect/vitest"
import type { AgentListName } from "@threadfold/contracts"
import { Effect, type Scope } from "effect"
import { type ListOf, readList } from "../drive/AgentLists.js"
import { type DriverSubject, open, startOn } from "./DriverSubject.js"

/** The lists that were read. */
export type ListsRead = { readonly [N in AgentListName]?: ListOf[N] }

/** Registers the test. `check`: what the agent is known to say of itself. */
export const listsContract = (
  make: Effect.Effect<DriverSubject, never, Scope.Scope>,
  check: (lists: ListsRead) => void,
): void => {
  it.scopedLive("says of itself what its driver promises, in the form of the contract, and nothing else", () =>
    Effect.gen(function* () {
      const subject = yield* make
      const driver = yield* subject.driver([])
      const { connection, watched } = yield* open(driver, subject)
      if (driver.listsNeedThread === true) yield* startOn(connection, subject)
      const lists = connection.lists ?? {}
      expect(Object.keys(lists).sort()).toEqual([...driver.capabilities.lists].sort())
      const before = watched.all().filter(({ event }) => event.type !== "provider.unmapped").length
      const read: Record<string, unknown> = {}
      for (const name of driver.capabilities.lists) {
        const asked: Effect.Effect<unknown, unknown> = lists[name] ?? Effect.fail(`no ${name}`)
        const answer = yield* Effect.either(asked)
        // Without an account, some agents refuse what belongs to one.
        if (answer._tag === "Left") expect(answer.left).toMatchObject({ _tag: "Refused", operation: "list" })
        else read[name] = readList[name](answer.right)
      }
      check(read)
      // To ask is no part of a conversation.
      const after = watched.all().filter(({ event }) => event.type !== "provider.unmapped")
      expect(after.slice(before).filter(({ event }) => /^(turn|item|request)/.test(event.type))).toEqual([])
    }),
  )
}
