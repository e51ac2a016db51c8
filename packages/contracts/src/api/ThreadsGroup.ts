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
import { FolderView, ThreadStatus, ThreadView } from "../entities/Thread.js"
import { ThreadTree } from "../entities/ThreadTree.js"
import { TraceTurn } from "../entities/Trace.js"
import { TurnView } from "../entities/Turn.js"
import { optional } from "../fields.js"
import { reads, threadPath } from "./Endpoint.js"
import { fieldsParam, madeParams, ofThreads, someOf, TextParam } from "./Filters.js"
import { described, eventRead, listRead, read, resourceRead } from "./operation.js"
import { listCall, readCall } from "./problemSets.js"
import {
  atParam,
  eventParams,
  Flag,
  limitTo,
  pageParams,
  readParams,
  rewoundParam,
  TimeParam,
  traceLimit,
} from "./Query.js"
import { inferenceFilters, itemFilters, requestFilters, turnFilters } from "./rowFilters.js"
import { EventPage, pageOf, ThreadPage, UsagePage } from "./Shapes.js"

const listOfThread = listRead([...listCall, "thread-not-found", "before-first-event", "thread-purged"])

/** Parameters of every list of a thread. */
const pages = { ...pageParams, ...atParam } as const

/** A page of a list of a thread that is chosen by nothing but its place. */
const threadList = <const Name extends string, A, I>(
  name: Name,
  segment: `/${string}`,
  entry: Schema.Schema<A, I>,
  description: string,
) =>
  HttpApiEndpoint.get(name, `/v1/threads/:threadId${segment}`)
    .setPath(threadPath)
    .setUrlParams(Schema.Struct({ ...pages, ...fieldsParam(entry) }))
    .addSuccess(pageOf(entry))
    .annotateContext(described(description, listOfThread))

/** Threads and what is in them. */
export class ThreadsGroup extends HttpApiGroup.make("threads")
  .add(
    HttpApiEndpoint.get("list", "/v1/threads")
      .setUrlParams(
        Schema.Struct({
          ...pageParams,
          ...fieldsParam(ThreadView),
          status: optional(someOf(...ThreadStatus.literals), "Only threads that do one of these, separated by commas."),
          archived: optional(Flag, "`true`: archived ones alone; `false`: the others alone. Absent: both."),
          deleted: optional(Flag, "`true`: deleted ones alone; else they are left out."),
          mirrors: optional(
            Flag,
            "`true`: with the mirrors, that is imported threads that are there in a better form: because they ran here, or from another source. Else they are left out.",
          ),
          ...ofThreads,
          parentThreadId: optional(Schema.String, "Only threads that this one spawned."),
          nativeThreadId: optional(Schema.String, "Only threads with this id of the provider's."),
          text: optional(
            TextParam,
            "Only threads whose title or first words hold this text, in any case of ASCII letters.",
          ),
          createdFrom: optional(TimeParam, "Only threads whose `createdAt` is this or later, ms since the epoch."),
          createdTo: optional(TimeParam, "Only threads whose `createdAt` is earlier, ms since the epoch."),
          updatedFrom: optional(TimeParam, "Only threads whose `updatedAt` is this or later, ms since the epoch."),
          updatedTo: optional(TimeParam, "Only threads whose `updatedAt` is earlier, ms since the epoch."),
          sort: optional(
            Schema.Literal("createdAt", "updatedAt"),
            "What the order goes by; `createdAt` by default. With `updatedAt` a thread that changes while one pages moves to the top; no other is left out or comes twice.",
          ),
        }),
      )
      .addSuccess(pageOf(ThreadView))
      .annotateContext(
        described(
          "Threads, newest first. Filters apply together. With filters a page may hold fewer entries than `limit`, even none, and still have a `next`: each call looks at so many rows at most. Go on until `next` is null.",
          listRead(listCall),
        ),
      ),
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
          resourceRead([...readCall, "thread-not-found", "before-first-event", "thread-purged"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("folder", "/v1/threads/:threadId/folder")
      .setPath(threadPath)
      .setUrlParams(reads)
      .addSuccess(FolderView)
      .annotateContext(
        described(
          "The folder of a thread as it is now: whether it is there, and the branch and the worktree that git has checked out. No program " +
            "runs for it.",
          read([...readCall, "thread-not-found", "thread-purged"]),
        ),
      ),
  )
  .add(threadList("sessions", "/sessions", SessionView, "Sessions of a thread, the newest epoch first."))
  .add(
    HttpApiEndpoint.get("turns", "/v1/threads/:threadId/turns")
      .setPath(threadPath)
      .setUrlParams(
        Schema.Struct({ ...pages, ...rewoundParam, ...turnFilters, ...madeParams, ...fieldsParam(TurnView) }),
      )
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
          ...pages,
          turnId: optional(Schema.String, "Only items of this turn."),
          ...rewoundParam,
          ...itemFilters,
          ...madeParams,
          ...fieldsParam(ItemView),
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
  .add(
    HttpApiEndpoint.get("requests", "/v1/threads/:threadId/requests")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...pages, ...requestFilters, ...madeParams, ...fieldsParam(RequestView) }))
      .addSuccess(pageOf(RequestView))
      .annotateContext(described("Approvals and questions of a thread, newest first.", listOfThread)),
  )
  .add(
    HttpApiEndpoint.get("inferences", "/v1/threads/:threadId/inferences")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...pages, ...inferenceFilters, ...madeParams, ...fieldsParam(InferenceView) }))
      .addSuccess(pageOf(InferenceView))
      .annotateContext(described("Inference attempts of a thread, newest first.", listOfThread)),
  )
  .add(
    HttpApiEndpoint.get("trace", "/v1/threads/:threadId/trace")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...pageParams, ...readParams, limit: traceLimit }))
      .addSuccess(pageOf(TraceTurn))
      .annotateContext(
        described(
          "Turns of a thread with their model calls, newest first: what each call answered, what that became, how long it took, and what it cost. Calls outside any turn are in `inferences`.",
          read([...listCall, "thread-not-found"]),
        ),
      ),
  )
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
          read([...readCall, "thread-not-found", "before-first-event", "thread-purged"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("tree", "/v1/threads/:threadId/tree")
      .setPath(threadPath)
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          limit: optional(limitTo(200, 200), "Threads at most, 1 to 200; 200 by default."),
        }),
      )
      .addSuccess(ThreadTree)
      .annotateContext(
        described(
          "A thread with the threads that its agents spawned, down to 16 levels: the state of each, its tokens, how full its context is, and what it said last. Deleted ones are left out.",
          read([...readCall, "thread-not-found"]),
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
