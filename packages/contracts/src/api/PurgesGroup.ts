/** Removing the content of a thread for good. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { field, int, listed, optInt, optional, optText, optTime, shape, text } from "../fields.js"
import { accepted, threadPath } from "./Endpoint.js"
import { described } from "./operation.js"
import { databaseCall, writeCall } from "./problemSets.js"
import { VersionParam } from "./Query.js"

/** How far a purge is. */
export const PurgeStatus = listed(
  "PurgeStatus",
  "How far a purge is. `none`: the thread was not purged, and the numbers say what a purge would remove. `running`: the tombstone is " +
    "there, and the content goes. `finished`: nothing of it is left in the data directory.",
  "none",
  "running",
  "finished",
)
export type PurgeStatus = typeof PurgeStatus.Type

const Place = shape("PurgedPlace", "What goes at one place.", {
  count: int("How many."),
  bytes: int("Their bytes, as they were stored or, where they were packed, as they are unpacked."),
})

/** What a purge removes, by place. */
export const PurgedPlaces = shape("PurgedPlaces", "What a purge removes, by place.", {
  events: field(Place, "Payloads of events. The events themselves stay, with ids, times and places in the log."),
  natives: field(Place, "Native messages, those in packed blocks included."),
  blobs: field(
    Place,
    "Long native messages that no other event has, and images and files of messages that no other thread has.",
  ),
  rows: field(Place, "Rows of the projections."),
  work: field(Place, "Receipts of commands, and calls to agents."),
})

/** A purge of a thread. */
export const PurgeView = shape("Purge", "A purge of a thread, or what one would remove.", {
  threadId: text("The thread."),
  status: field(PurgeStatus, "How far it is."),
  eventId: optText("The tombstone, the event `thread.purged`; null: there is none."),
  sequence: optInt("Its sequence; null: there is none."),
  sealedHash: optText("Canonical hash of the thread's rows before, SHA-256 hex; null: it was not purged."),
  purgedAt: optTime("When it began", "it did not"),
  finishedAt: optTime("When nothing of the content was left", "it has not ended"),
  waitsFor: optText("What it waits for, in words; null: for nothing."),
  removed: field(PurgedPlaces, "What was removed so far, or would be."),
  bytes: int("The bytes of all places."),
  notPurged: field(Schema.Array(Schema.String), "What a purge does not reach, a sentence each."),
})
export type PurgeView = typeof PurgeView.Type

const purgeParams = Schema.Struct({
  ifVersion: optional(
    VersionParam,
    "Purge only while the thread's `streamVersion` is this: what was exported at that version then is all there is.",
  ),
})

const problems = ["thread-not-found"] as const

/** Purges of threads. */
export class PurgesGroup extends HttpApiGroup.make("purges")
  .add(
    HttpApiEndpoint.post("purge", "/v1/threads/:threadId/purge")
      .setPath(threadPath)
      .setUrlParams(purgeParams)
      .addSuccess(PurgeView, accepted)
      .annotateContext(
        described(
          "Removes the content of a thread for good, and leaves a tombstone with a sealed hash. Answers when the tombstone is durable; " +
            "the content goes in short steps after it: GET tells how far it is. A thread that was purged already: no change, the " +
            "same answer. With `ifVersion` 412 `precondition-failed` where the thread has gone on. 409 `thread-busy` while anything of it lives: a session, a turn, a call to an agent, an import.",
          { problems: [...writeCall, ...problems, "thread-busy", "precondition-failed"], headers: ["Location"] },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/threads/:threadId/purge")
      .setPath(threadPath)
      .addSuccess(PurgeView)
      .annotateContext(
        described("How far the purge of a thread is; of one that was not purged, what a purge would remove.", {
          problems: [...databaseCall, ...problems],
        }),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Purges" })) {}
