/** Routes of attached sessions, and of sessions of every kind by their id. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AttachedSession, AttachRequest } from "../entities/AttachedSession.js"
import { ProviderEvent } from "../entities/EventEnvelope.js"
import { SessionView } from "../entities/Session.js"
import { reads, sessionPath } from "./Endpoint.js"
import { described, type OperationFacts, resourceRead } from "./operation.js"
import { PushResult } from "./Push.js"
import { bodyCall, databaseCall, readCall, writeCall } from "./problemSets.js"

/** A push as one JSON array. */
const ProviderEvents = Schema.Array(ProviderEvent).annotations({
  identifier: "ProviderEvents",
  title: "Provider events",
  description: "Events of a session, in the order of their channels.",
})

const ofSession = {
  problems: [...writeCall, "session-not-found", "session-conflict"],
  headers: ["Sequence", "Location"],
} as const satisfies OperationFacts

/** Attached sessions, and sessions of every kind by their id. */
export class SessionsGroup extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("get", "/v1/sessions/:sessionId")
      .setPath(sessionPath)
      .setUrlParams(reads)
      .addSuccess(SessionView)
      .annotateContext(described("One session.", resourceRead([...readCall, "session-not-found"]))),
  )
  .add(
    HttpApiEndpoint.put("attach", "/v1/sessions/:sessionId")
      .setPath(sessionPath)
      .setPayload(AttachRequest)
      .addSuccess(AttachedSession)
      .addSuccess(AttachedSession, { status: 201 })
      .annotateContext(
        described(
          "Opens an attached session under an id (UUIDv7) that the adapter chose. 201 the first time, 200 when repeated " +
            "with the same content; 409 `session-conflict` for other content, 409 `thread-busy` while another session of " +
            "the thread lives.",
          {
            problems: [
              ...bodyCall,
              "session-conflict",
              "thread-busy",
              "thread-not-found",
              "thread-read-only",
              "thread-purged",
            ],
            headers: ["Sequence", "Location"],
          },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("push", "/v1/sessions/:sessionId/events")
      .setPath(sessionPath)
      .setPayload(ProviderEvents)
      .addSuccess(PushResult)
      .annotateContext(
        described(
          "Pushes events of an attached session: a JSON array, or NDJSON (`application/x-ndjson`), at most 16 MiB and " +
            "20,000 lines; a line over 1 MiB is `invalid`. Answers after the commit, one result a line (as NDJSON for `Accept: " +
            "application/x-ndjson`). Repeating a call is safe.",
          {
            problems: [...bodyCall, "session-not-found", "session-conflict"],
            alsoTakes: { "application/x-ndjson": "ProviderEventLines" },
            alsoAnswers: { "application/x-ndjson": "LineResultLines" },
          },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("heartbeat", "/v1/sessions/:sessionId/heartbeat")
      .setPath(sessionPath)
      .addSuccess(AttachedSession)
      .annotateContext(
        described("Renews the lease of an attached session without an event.", {
          problems: [...databaseCall, "session-not-found", "session-conflict"],
          headers: ["Sequence", "Location"],
        }),
      ),
  )
  .add(
    HttpApiEndpoint.post("close", "/v1/sessions/:sessionId/close")
      .setPath(sessionPath)
      .addSuccess(AttachedSession)
      .annotateContext(described("Ends an attached session; the same as DELETE.", ofSession)),
  )
  .add(
    HttpApiEndpoint.del("detach", "/v1/sessions/:sessionId")
      .setPath(sessionPath)
      .addSuccess(AttachedSession)
      .annotateContext(described("Ends an attached session. Repeating it changes nothing.", ofSession)),
  )
  .annotateContext(OpenApi.annotations({ title: "Sessions" })) {}
