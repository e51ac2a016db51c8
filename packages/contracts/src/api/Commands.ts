/** Routes of commands: what a person or a program asks of a thread. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { CommandView, Receipt } from "../entities/Effect.js"
import {
  ConfigureBody,
  CreateThreadBody,
  EditMessageBody,
  InterruptBody,
  KeepAliveBody,
  PromoteMessageBody,
  ReadBody,
  RenameBody,
  ReorderQueueBody,
  RespondBody,
  SendMessageBody,
  StartSessionBody,
  StopSessionBody,
  StopTaskBody,
  UnattendedBody,
} from "./Bodies.js"
import { compactThread, forkThread, rewindThread, startReview } from "./conversationEndpoints.js"
import {
  accepted,
  commandHeaders,
  commandPath,
  messagePath,
  requestPath,
  taskPath,
  threadPath,
  turnPath,
} from "./Endpoint.js"
import { command, described } from "./operation.js"
import { databaseCall } from "./problemSets.js"

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
    HttpApiEndpoint.post("setUnattended", "/v1/threads/:threadId/unattended")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(UnattendedBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Says what follows when no person answers a question of a thread's agent: it waits, is declined or is accepted " +
            "after a time, by its kind. A question that is open already follows, too, from when it was asked. Questions " +
            "of sub-agents follow the rules of the thread that started them, unless their own thread has some.",
          command(["thread-not-found"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("readThread", "/v1/threads/:threadId/read")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(ReadBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Marks a thread as read up to a version: what came later stays unread. 412 for a version that it does not have yet.",
          command(["thread-not-found", "precondition-failed"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("pinThread", "/v1/threads/:threadId/pin")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .addSuccess(Receipt, accepted)
      .annotateContext(described("Pins a thread.", command(["thread-not-found"]))),
  )
  .add(
    HttpApiEndpoint.post("unpinThread", "/v1/threads/:threadId/unpin")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .addSuccess(Receipt, accepted)
      .annotateContext(described("Takes the pin of a thread away.", command(["thread-not-found"]))),
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
  .add(forkThread)
  .add(rewindThread)
  .add(compactThread)
  .add(startReview)
  .add(
    HttpApiEndpoint.post("sendMessage", "/v1/threads/:threadId/messages")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(SendMessageBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Sends a message of the user: text, images, mentioned files and directories, skills, a slash command. The agent is started where it does not run. `turnId` of the receipt is the turn that it " +
            "starts or steers; `messageId` stands for a place in the queue, or for a message that steers. 409 " +
            "`turn-active` with `mode: start` while a turn runs, 409 `thread-not-run` for a thread without an agent, 409 `thread-read-only` for a fork. " +
            "A part that the agent does not take is 409 `unsupported`, a blob that is not stored 404 `blob-not-found`, a path outside the " +
            "thread's folder 403 `path-not-allowed`, too many bytes 413: then nothing of the message was stored.",
          command([
            "thread-not-found",
            "thread-not-run",
            "thread-read-only",
            "thread-busy",
            "turn-active",
            "queue-conflict",
            "unsupported",
            "blob-not-found",
            "path-not-allowed",
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
    HttpApiEndpoint.patch("editMessage", "/v1/threads/:threadId/queue/:messageId")
      .setPath(messagePath)
      .setHeaders(commandHeaders)
      .setPayload(EditMessageBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Writes a message of the queue again; its place and its settings stay. 404 `resource-not-found` where it does not wait any " +
            "more, 409 `queue-conflict` while it is on its way into the running turn. Parts are held against the agent as those of a new message are.",
          command([
            "thread-not-found",
            "resource-not-found",
            "queue-conflict",
            "unsupported",
            "blob-not-found",
            "path-not-allowed",
          ]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("promoteMessage", "/v1/threads/:threadId/queue/:messageId/promote")
      .setPath(messagePath)
      .setHeaders(commandHeaders)
      .setPayload(PromoteMessageBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Has a message of the queue go before the others, or into the running turn (`to: turn`); `turnId` of the receipt is that " +
            "turn. 404 `resource-not-found` where the message does not wait any more, 409 `unsupported` for `turn` where the agent " +
            "takes no message into its turn (`capabilities.steer`).",
          command(["thread-not-found", "resource-not-found", "agent-not-found", "unsupported"], { bodyOptional: true }),
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
    HttpApiEndpoint.post("stopTask", "/v1/threads/:threadId/tasks/:taskId/stop")
      .setPath(taskPath)
      .setHeaders(commandHeaders)
      .setPayload(StopTaskBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Has the agent of a thread end one of its background tasks. `effects` of the command say whether it did, and the " +
            "task ends with the agent's word. 422 `unsupported` for an agent that cannot (`capabilities.stopTask`).",
          command(["thread-not-found", "thread-not-run", "resource-not-found", "unsupported"]),
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
    HttpApiEndpoint.post("configureSession", "/v1/threads/:threadId/configure")
      .setPath(threadPath)
      .setHeaders(commandHeaders)
      .setPayload(ConfigureBody)
      .addSuccess(Receipt, accepted)
      .annotateContext(
        described(
          "Chooses the model, the effort, the approval mode and the sandbox of a thread, in its agent's words: from its next " +
            "session on and, where its agent runs, from the next turn on, or at once where the agent can. 409 `unsupported` for what " +
            "the agent does not let a client choose, 400 `value-not-offered` for a value that it does not offer: then nothing " +
            "was changed. The session shows what the agent has taken, in `config.chosen`.",
          command([
            "agent-not-found",
            "thread-not-found",
            "thread-not-run",
            "thread-read-only",
            "thread-busy",
            "unsupported",
            "value-not-offered",
          ]),
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
