/** Problems of who may call: of the gate before every route, and of the web page's sign-in. */
export const callerProblems = {
  unauthorized: {
    status: 401,
    title: "A token is needed",
    next: "Send `Authorization: Bearer <token>`; the token is in the `token` file of the data directory.",
  },
  "forbidden-host": {
    status: 403,
    title: "This Host is not served",
    next: "Call the address that the server printed, for example http://127.0.0.1:PORT.",
  },
  "forbidden-origin": {
    status: 403,
    title: "This Origin is not allowed",
    next: "Name the UI's origin in `threadfold serve --allowed-origin`, or call from a program that sends no Origin.",
  },
  // The sign-in tells a caller that only guesses nothing of what it has got right.
  "page-code-ended": {
    status: 403,
    title: "The code of the link is not taken",
    next: "A link works once and for one minute. Print a new one with `threadfold page` and open it.",
  },
  "page-key-unknown": {
    status: 404,
    isOfArguments: true,
    title: "There is no such key of a page",
    next: "It was revoked, or gave way to newer ones. Print a new link with `threadfold page` and open it; `threadfold page --keys` lists the keys.",
  },
  "page-proof-wrong": {
    status: 403,
    title: "The proof of the key is not taken",
    next: "A challenge works once, for one minute and for its key. Ask for a new one with POST /v1/page/challenges, and sign it.",
  },
} as const
