/** Problems of messages: their place behind others, what their agent does not take, and their images and files. */
export const messageProblems = {
  "turn-active": {
    status: 409,
    isOfArguments: true,
    title: "A turn runs or waits to start",
    next: "Send with mode queue, steer or interrupt, or wait until the turn ends.",
  },
  "queue-conflict": {
    status: 409,
    isOfArguments: true,
    title: "The queue has moved on",
    next: "Read the queue again; an order names every message exactly once.",
  },
  unsupported: {
    status: 409,
    isOfArguments: true,
    title: "The agent cannot do this",
    next: "GET /v1/agents shows what each agent can do, in `capabilities`. Leave this out, or use another agent.",
  },
  "value-not-offered": {
    status: 400,
    isOfArguments: true,
    title: "The agent does not offer this value",
    next: "Nothing was changed. Choose one of the values that `detail` lists.",
  },
  "blob-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such blob",
    next: "Send its bytes to POST /v1/blobs; one that no message refers to is kept for a day.",
  },
  "blob-mismatch": {
    status: 400,
    isOfArguments: true,
    title: "The bytes are not those of the hash",
    next: "Nothing was kept. Send the bytes again, whole; the SHA-256 is that of the body.",
  },
  "blobs-full": {
    status: 429,
    mayPass: true,
    title: "Too many blobs wait for a message",
    next: "Send the messages that they are for; a blob that no message refers to is removed after a day.",
  },
} as const
