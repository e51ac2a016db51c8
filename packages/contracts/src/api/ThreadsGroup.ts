/** Routes of threads and of what is in them. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AnomalyView } from "../entities/Anomaly.js"
import { DelegationView } from "../entities/Delegation.js"
import { InferenceView } from "../entities/Inference.js"
import { ItemView } from "../entities/Item.js"
import { QueueView } from "../entities/QueuedMessage.js"
import { RealtimeRunView } from "../entities/RealtimeRun.js"
import { RequestView } from "../entities/Request.js"
import { SessionView } from "../entities/Session.js"
import { TaskView } from "../entities/Task.js"
import { ThreadStatus, ThreadView } from "../entities/Thread.js"
import { TurnView } from "../entities/Turn.js"
import { optional } from "../fields.js"
import { threadPath } from "./Endpoint.js"
import { described, eventRead, read, resourceRead } from "./operation.js"
import { listCall, readCall } from "./problemSets.js"
import { atParam, eventParams, Flag, pageParams, readParams, rewoundParam } from "./Query.js"
import { EventPage, pageOf, ThreadPage, UsagePage } from "./Shapes.js"

const listOfThread = read([...listCall, "thread-not-found", "before-first-event"])

/** Query of a page of a list of a thread. */
const pages = Schema.Struct({ ...pageParams, ...atParam })

/** A page of one list of a thread. */
const threadList = <const Name extends string, A, I>(
  name: Name,
  segment: `/${string}`,
  entry: Schema.Schema<A, I>,
  description: string,
) =>
  HttpApiEndpoint.get(name, `/v1/threads/:threadId${segment}`)
    .setPath(threadPath)
    .setUrlParams(pages)
    .addSuccess(pageOf(entry))
    .annotateContext(described(description, listOfThread))

/** Threads and what is in them. */
export class ThreadsGroup extends HttpApiGroup.make("threads")
  .add(
    HttpApiEndpoint.get("list", "/v1/threads")
      .setUrlParams(
        Schema.Struct({
          ...pageParams,
          status: optional(ThreadStatus, "Only threads that do this."),
          archived: optional(Flag, "`true`: archived ones alone; `false`: the others alone. Absent: both."),
          deleted: optional(Flag, "`true`: deleted ones alone; else they are left out."),
          mirrors: optional(
            Flag,
            "`true`: with the mirrors, that is imported threads that are there in a better form: because they ran here, or from another source. Else they are left out.",
          ),
          provider: optional(Schema.String, "Only threads of this provider kind."),
          parentThreadId: optional(Schema.String, "Only threads that this one spawned."),
          nativeThreadId: optional(Schema.String, "Only threads with this id of the provider's."),
        }),
      )
      .addSuccess(pageOf(ThreadView))
      .annotateContext(described("Threads, newest first.", read(listCall))),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/threads/:threadId")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...readParams, ...atParam, limit: pageParams.limit, ...rewoundParam }))
      .addSuccess(ThreadPage)
      .annotateContext(
        described(
          "One thread with the newest entries of each of its lists, of one moment. Go on with the cursors in `more`; " +
            "follow what comes with the thread's events after `sequence`. A deleted thread is still readable: " +
            "`thread.deletedAt` says since when. With `at` the thread as it was.",
          resourceRead([...readCall, "thread-not-found", "before-first-event"]),
        ),
      ),
  )
  .add(threadList("sessions", "/sessions", SessionView, "Sessions of a thread, the newest epoch first."))
  .add(
    HttpApiEndpoint.get("turns", "/v1/threads/:threadId/turns")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...pageParams, ...atParam, ...rewoundParam }))
      .addSuccess(pageOf(TurnView))
      .annotateContext(
        described(
          "Turns of a thread, newest first. `rewound=false` leaves out those that were taken back.",
          listOfThread,
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("items", "/v1/threads/:threadId/items")
      .setPath(threadPath)
      .setUrlParams(
        Schema.Struct({
          ...pageParams,
          ...atParam,
          turnId: optional(Schema.String, "Only items of this turn."),
          ...rewoundParam,
        }),
      )
      .addSuccess(pageOf(ItemView))
      .annotateContext(
        described(
          "Items of a thread with their text, newest first. `rewound=false` leaves out those of turns that were taken back.",
          listOfThread,
        ),
      ),
  )
  .add(threadList("requests", "/requests", RequestView, "Approvals and questions of a thread, newest first."))
  .add(threadList("inferences", "/inferences", InferenceView, "Inference attempts of a thread, newest first."))
  .add(threadList("realtime", "/realtime", RealtimeRunView, "Voice runs of a thread, newest first."))
  .add(threadList("delegations", "/delegations", DelegationView, "Voice hand-overs of a thread, newest first."))
  .add(threadList("tasks", "/tasks", TaskView, "Background tasks of a thread, newest first."))
  .add(threadList("queue", "/queue", QueueView, "Messages that wait for their turn, in the order in which they run."))
  .add(threadList("anomalies", "/anomalies", AnomalyView, "What the fold refused to apply in a thread, latest first."))
  .add(
    HttpApiEndpoint.get("usage", "/v1/threads/:threadId/usage")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...readParams, ...atParam }))
      .addSuccess(UsagePage)
      .annotateContext(
        described(
          "Tokens of a thread: the sum of its turns', the context window, and the last model call's own count.",
          read([...readCall, "thread-not-found", "before-first-event"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("events", "/v1/threads/:threadId/events")
      .setPath(threadPath)
      .setUrlParams(eventParams)
      .addSuccess(EventPage)
      .annotateContext(
        described(
          "Events of a thread. With `Accept: text/event-stream` a stream that stays open; see `GET /v1/events`.",
          eventRead([...listCall, "thread-not-found"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Threads" })) {}
