/** Routes of what an agent, or the server, does with a conversation as a whole. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import { Receipt } from "../entities/Effect.js"
import { ForkBody, ReviewBody, RewindBody } from "./Bodies.js"
import { accepted, commandHeaders, threadPath } from "./Endpoint.js"
import { command, described } from "./operation.js"
import type { ProblemSlug } from "./Problem.js"

/** Refusals of what an agent does between two turns. */
const betweenTurns = [
  "thread-not-found",
  "thread-not-run",
  "thread-read-only",
  "thread-busy",
  "turn-active",
  "agent-not-found",
  "unsupported",
] as const satisfies readonly ProblemSlug[]

export const forkThread = HttpApiEndpoint.post("forkThread", "/v1/threads/:threadId/fork")
  .setPath(threadPath)
  .setHeaders(commandHeaders)
  .setPayload(ForkBody)
  .addSuccess(Receipt, accepted)
  .annotateContext(
    described(
      "Copies a thread, as it was when the turn had ended, into a new one; `threadId` of the receipt is its id. With `goOn` its agent goes " +
        "on in the copy, with a conversation that it forks itself at the first message; 409 `unsupported` where it cannot " +
        "(`capabilities.fork`). Else the copy is " +
        "read-only, and takes some time: it is whole with its event `thread.forked`, that is when its `forkedFromThreadId` " +
        "is set; until then it is 404 or grows. 404 `resource-not-found` where the thread has no such turn, 409 " +
        "`turn-active` where the turn has not ended.",
      command([
        "thread-not-found",
        "resource-not-found",
        "turn-active",
        "too-many-requests",
        "thread-not-run",
        "agent-not-found",
        "unsupported",
      ]),
    ),
  )

export const rewindThread = HttpApiEndpoint.post("rewindThread", "/v1/threads/:threadId/rewind")
  .setPath(threadPath)
  .setHeaders(commandHeaders)
  .setPayload(RewindBody)
  .addSuccess(Receipt, accepted)
  .annotateContext(
    described(
      "Takes back the newest turns of a conversation: the agent goes on from before them. Their rows, their items and their tokens " +
        "stay, marked `rewound` by the event `thread.rewound`; `turnId` of the receipt is the first of them. The call to the agent is " +
        "an effect of the command: `GET /v1/commands/{commandId}` says when it is done, and what became of the files. 409 `turn-active` " +
        "while a turn runs or waits, 409 `thread-busy` while another call to the agent is open, 404 `resource-not-found` where there are " +
        "not so many turns, 409 `unsupported` where the agent cannot (`capabilities.rewind`, `capabilities.restoreFiles`).",
      command([...betweenTurns, "resource-not-found"], { bodyOptional: true }),
    ),
  )

export const compactThread = HttpApiEndpoint.post("compactThread", "/v1/threads/:threadId/compact")
  .setPath(threadPath)
  .setHeaders(commandHeaders)
  .addSuccess(Receipt, accepted)
  .annotateContext(
    described(
      "Has the agent replace the head of the conversation by a summary, in a turn of its own: `turnId` of the receipt. 409 " +
        "`turn-active` while a turn runs or waits, 404 `resource-not-found` where the thread has had no turn, 409 `unsupported` where " +
        "the agent cannot (`capabilities.compact`).",
      command([...betweenTurns, "resource-not-found"]),
    ),
  )

export const startReview = HttpApiEndpoint.post("startReview", "/v1/threads/:threadId/review")
  .setPath(threadPath)
  .setHeaders(commandHeaders)
  .setPayload(ReviewBody)
  .addSuccess(Receipt, accepted)
  .annotateContext(
    described(
      "Has the agent review changes of the thread's folder, in a turn of its own: `turnId` of the receipt. 409 `turn-active` while a " +
        "turn runs or waits, 409 `unsupported` where the agent has no review (`capabilities.review`): a message can ask for one then.",
      command(betweenTurns),
    ),
  )
