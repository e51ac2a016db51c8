/** What the page of a deleted thread says about its way back. */
import { blankEnvelope, type EventEnvelope } from "@threadfold/contracts"
import { snapshotOf, walk } from "@threadfold/core/model"
import { expect, it } from "vitest"
import { idOf } from "../../../test/scenarios/ThreadFixture.js"
import { lookOf } from "../text/Look.js"
import { threadPage } from "./threadPage.js"

const threadId = idOf("thread")
const event = (at: number, type: string, payload: object, sessionId: string | null): EventEnvelope => ({
  ...blankEnvelope,
  sequence: at,
  streamId: threadId,
  streamVersion: at,
  eventId: idOf(type),
  type,
  v: 1,
  sessionId,
  at,
  actor: "client",
  payload,
})
const started = event(1, "session.started", { provider: "x", mode: "managed" }, idOf("session"))

it.each([
  ["thread.deleted", {}, "`threadfold restore` brings it back"],
  ["thread.purged", { sealedHash: "0".repeat(64) }, "its content is gone for good"],
])("after %s with %j it says: %s", (type, payload, said) => {
  const pages: string[] = []
  for (const { store, event: last } of walk(threadId, [started, event(2, type, payload, null)])) {
    const snapshot = snapshotOf(store.rowsOf(threadId), last.sequence)
    if (snapshot !== null) pages.push(threadPage(lookOf(false, 100, 0), snapshot))
  }
  expect(pages.at(-1)).toContain(said)
})
