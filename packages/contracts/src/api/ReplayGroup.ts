/** The controls of a replay: a recorded log that is served as if it happened now. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { field, int, listed, optInt, optional, optTime, shape, text } from "../fields.js"
import { maxReplaySpeed } from "../Limits.js"
import { described } from "./operation.js"
import { bodyCall, memoryCall } from "./problemSets.js"

const Place = Schema.Int.pipe(Schema.nonNegative(), Schema.annotations({ jsonSchema: { type: "integer", minimum: 0 } }))
const Speed = Schema.Number.pipe(
  Schema.greaterThan(0),
  Schema.lessThanOrEqualTo(maxReplaySpeed),
  Schema.annotations({ jsonSchema: { type: "number", exclusiveMinimum: 0, maximum: maxReplaySpeed } }),
)

/** What a replay does. */
export const ReplayState = listed(
  "ReplayState",
  "What a replay does. `ended`: every event is out.",
  "playing",
  "paused",
  "ended",
)
export type ReplayState = typeof ReplayState.Type

/** What a replay is to do. */
export const ReplayControl = shape("ReplayControl", "What a replay is to do: what is absent stays as it is.", {
  play: optional(Schema.Boolean, "True: play; false: pause."),
  speed: optional(Speed, "How many times as fast as it was: 1 is as it was."),
  step: optional(Place, "Give out so many more events now, and pause. Not together with `seek`."),
  seek: optional(
    Place,
    "Go to the place behind the event of this number: forward at once, without the time between; backward by a log that begins anew, with another id, so that streams get `reset`.",
  ),
})
export type ReplayControl = typeof ReplayControl.Type

/** A replay as it is now. */
export const ReplayView = shape("Replay", "A replay as it is now.", {
  source: text("What is replayed, as it was named."),
  state: field(ReplayState, "What it does."),
  speed: field(Schema.Number, "How many times as fast as it was."),
  position: int("How many events are out: the sequence of the last one."),
  events: int("How many there are."),
  at: optTime("When the last event that is out happened, by its source", "none is out"),
  nextInMs: optInt("When the next event comes, ms from now; null: it is paused or has ended."),
  maxGapMs: int("The longest time between two events that is waited for, ms at speed 1."),
  cutMs: int("Time between events that was longer, and was left out so far, ms at speed 1."),
  restarts: int("How many times the log began anew."),
})
export type ReplayView = typeof ReplayView.Type

/** The controls of a replay. */
export class ReplayGroup extends HttpApiGroup.make("replay")
  .add(
    HttpApiEndpoint.get("get", "/v1/replay")
      .addSuccess(ReplayView)
      .annotateContext(
        described("A replay as it is now. Only a server of `threadfold replay` has one.", {
          problems: [...memoryCall, "not-a-replay"],
        }),
      ),
  )
  .add(
    HttpApiEndpoint.post("control", "/v1/replay")
      .setPayload(ReplayControl)
      .addSuccess(ReplayView)
      .annotateContext(
        described(
          "Plays, pauses, steps, changes the speed, or goes to an event, and answers with the replay as it is then. A step and a way " +
            "forward are done when the answer comes.",
          { problems: [...bodyCall, "not-a-replay"] },
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Replay" })) {}
