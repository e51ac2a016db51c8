/** Problems of work over a whole database that a server does beside its calls, and of servers that replay one. */
export const jobProblems = {
  "job-running": {
    status: 409,
    title: "Such work is under way already",
    next: "`detail` names it. Wait until it ends, or end it with DELETE of the same path (`threadfold rebuild --cancel`).",
  },
  "job-cancelled": {
    status: 409,
    title: "The work was ended before it was done",
    next: "What is done stays. Begin it again; a rebuild goes on where it was with --resume.",
  },
  "job-not-found": {
    status: 404,
    title: "There is no such work",
    next: "Begin it with POST of the same path.",
  },
  "not-a-replay": {
    status: 404,
    title: "This server replays nothing",
    next: "Start one with `threadfold replay LOG`.",
  },
  "replay-read-only": {
    status: 403,
    title: "This server replays a log",
    next: "Nothing is written and no agent runs here. POST /v1/replay plays, pauses, steps and seeks; commands go to a server of `threadfold serve`.",
  },
} as const
