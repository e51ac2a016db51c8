/** Problems of work over a whole database that a server does beside its calls, of statements that a person writes, of servers that replay one, and of subscriptions. */
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
    isFinding: true,
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
  "sql-off": {
    status: 403,
    title: "This server runs no statements",
    next: "Start it with `threadfold serve --sql`, or run `threadfold sql` on its machine.",
  },
  "sql-refused": {
    status: 400,
    title: "The statement is not run",
    isOfArguments: true,
    next: "`detail` says what is wrong with it. `SELECT * FROM v_views` lists the views and their columns.",
  },
  "sql-limit": {
    status: 413,
    title: "The statement was ended at a limit",
    isOfArguments: true,
    next: "Have it read less: a condition on a time or a thread, a LIMIT inside. `timeoutMs` (`--timeout`) gives it more time.",
  },
  "subscription-not-found": {
    status: 404,
    isOfArguments: true,
    title: "There is no such subscription",
    next: "Make it with PUT of its path; GET /v1/subscriptions lists those that there are.",
  },
  "subscription-taken": {
    status: 409,
    title: "Another consumer holds the subscription",
    mayPass: true,
    next: "One consumer reads at a time: wait until the other one ends, or make a subscription of another name.",
  },
  "subscriptions-full": {
    status: 409,
    title: "There are as many subscriptions as there may be",
    next: "Delete one that no program reads: GET /v1/subscriptions lists them, with when each was last acknowledged.",
  },
} as const
