/** Routes of commands: what a person or a program asks of a thread. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { CommandView, Receipt } from "../entities/Effect.js"
import {
  CreateThreadBody,
  ForkBody,
  InterruptBody,
  KeepAliveBody,
  RenameBody,
  ReorderQueueBody,
  RespondBody,
  SendMessageBody,
  StartSessionBody,
  StopSessionBody,
} from "./Bodies.js"
import { accepted, commandHeaders, commandPath, messagePath, requestPath, threadPath, turnPath } from "./Endpoint.js"
import { described, type OperationFacts } from "./operation.js"
import type { ProblemSlug } from "./Problem.js"
import { commandCall, databaseCall } from "./problemSets.js"

/** What a command answers, beside the problems that every command may meet. */
const command = (
  refusals: readonly ProblemSlug[],
  more: Pick<OperationFacts, "bodyOptional"> = {},
): OperationFacts => ({ problems: [...commandCall, ...refusals], headers: ["Sequence", "Location"], ...more })

/**
 * Commands. Each is answered with 202 and its receipt once it is durable, takes `Idempotency-Key` and `If-Match`, and is
 * refused with a problem of the catalogue. Wanting what is so already changes nothing and is no problem.
 */
export class CommandsGroup extends HttpApiGroup.make("commands")
  .add(
    HttpApiEndpoint.post("createThread", "/v1/threads")
      .setHeaders(commandHeaders)
      .setPayload(CreateThreadBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Makes a thread that a configured agent works in. Nothing is started: the first message does that. With " +
            "`threadId` a repeat changes nothing; 409 `thread-conflict` where that thread is another agent's, 404 " +
            "`agent-not-found`.",
          command(["agent-not-found", "thread-conflict", "thread-not-found"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.patch("renameThread", "/v1/threads/:threadId")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(RenameBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(described("Gives a thread another display name.", command(["thread-not-found"]))),
  )
  .add(
    HttpApiEndpoint.post("archiveThread", "/v1/threads/:threadId/archive")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .addSuccess(Receipt, accepted)
      .annotateContext(described("Puts a thread out of sight. Its session continues.", command(["thread-not-found"]))),
  )
  .add(
    HttpApiEndpoint.post("unarchiveThread", "/v1/threads/:threadId/unarchive")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .addSuccess(Receipt, accepted)
      .annotateContext(described("Brings an archived thread back.", command(["thread-not-found"]))),
  )
  .add(
    HttpApiEndpoint.post("keepThreadAlive", "/v1/threads/:threadId/keep-alive")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(KeepAliveBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described("Keeps the reaper from a thread until a time, or no longer.", command(["thread-not-found"])),
      ),
  )
  .add(
    HttpApiEndpoint.del("deleteThread", "/v1/threads/:threadId")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Deletes a thread; 409 `thread-busy` while a session of it lives or a turn waits to start.",
          command(["thread-not-found", "thread-busy"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("restoreThread", "/v1/threads/:threadId/restore")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Brings a deleted thread back as it was. One that is not deleted: no change.",
          command(["thread-not-found"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("forkThread", "/v1/threads/:threadId/fork")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(ForkBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Copies a thread, as it was when the turn had ended, into a new one; `threadId` of the receipt is its id. The copy is " +
            "read-only, and takes some time: it is whole with its event `thread.forked`, that is when its `forkedFromThreadId` " +
            "is set; until then it is 404 or grows. 404 `resource-not-found` where the thread has no such turn, 409 " +
            "`turn-active` where the turn has not ended.",
          command(["thread-not-found", "resource-not-found", "turn-active", "too-many-requests"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("sendMessage", "/v1/threads/:threadId/messages")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(SendMessageBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Sends the user's text. The agent is started where it does not run. `turnId` of the receipt is the turn that it " +
            "starts or steers; `messageId` stands for a place in the queue, or for a message that steers. 409 " +
            "`turn-active` with `mode: start` while a turn runs, 409 `thread-not-run` for a thread without an agent, 409 `thread-read-only` for a fork.",
          command([
            "thread-not-found",
            "thread-not-run",
            "thread-read-only",
            "thread-busy",
            "turn-active",
            "queue-conflict",
          ]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.put("reorderQueue", "/v1/threads/:threadId/queue")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(ReorderQueueBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Puts the queue of a thread into another order; 409 `queue-conflict` for other messages than it holds.",
          command(["thread-not-found", "queue-conflict"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("resumeQueue", "/v1/threads/:threadId/queue/resume")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Lets a queue run that is held (`queueHeld`): after a crash, a failure or an interrupt it waits for this.",
          command(["thread-not-found"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.del("cancelMessage", "/v1/threads/:threadId/queue/:messageId")
      .setPath(messagePath)
      .setHeaders(commandHeaders)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Takes a message out of the queue.",
          command(["thread-not-found", "resource-not-found", "queue-conflict"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("interruptThread", "/v1/threads/:threadId/interrupt")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(InterruptBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Interrupts the turn that runs, else the one that waits to start.",
          command(["thread-not-found", "thread-not-run"], { bodyOptional: true }),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("interruptTurn", "/v1/turns/:turnId/interrupt")
      .setPath(turnPath)
      .setHeaders(commandHeaders)
      .setPayload(InterruptBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Interrupts this turn. One that has ended: no change.",
          command(["turn-not-found", "thread-not-found", "thread-not-run"], { bodyOptional: true }),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("respond", "/v1/requests/:requestId/respond")
      .setPath(requestPath)
      .setHeaders(commandHeaders)
      .setPayload(RespondBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Answers a question of the agent. The first answer wins: the same one again changes nothing, another one is 409 " +
            "`request-ended`. One that the question cannot take is 400 `answer-not-taken`, with the choices in `detail`; the " +
            "question stays open.",
          command(["request-not-found", "thread-not-found", "request-ended", "answer-not-taken", "thread-not-run"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("startSession", "/v1/threads/:threadId/session/start")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(StartSessionBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Starts the agent of a thread, without a turn. One that runs: no change.",
          command(["thread-not-found", "thread-not-run", "thread-read-only", "thread-busy"], { bodyOptional: true }),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("stopSession", "/v1/threads/:threadId/session/stop")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(StopSessionBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Stops the agent of a thread, and cancels what has not started.",
          command(["thread-not-found", "thread-not-run"], { bodyOptional: true }),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/commands/:commandId")
      .setPath(commandPath)
      .addSuccess(CommandView)
      .annotateContext(
        described("What became of a command: the calls to the agent that follow from it.", {
          problems: [...databaseCall, "command-not-found"],
        }),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Commands" })) {}
