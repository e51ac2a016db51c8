/** The page of the HTTP API: routes from the OpenAPI document, bodies from the schemas. */
import { code, page, sentence, slug, table } from "./markdown.mjs"
import { endpointBodies, schemasOf } from "./schemas.mjs"
import { about, Mentions, mentioned } from "./structs.mjs"

const typeOf = (schema = {}, name = "") =>
  name === "reason"
    ? "an [anomaly](anomalies.md) reason"
    : schema.enum !== undefined
      ? schema.enum.map((each) => code(JSON.stringify(each))).join(" or ")
      : [
          schema.type ?? "any",
          ...(schema.minimum === undefined ? [] : [`from ${schema.minimum}`]),
          ...(schema.maximum === undefined ? [] : [`to ${schema.maximum}`]),
          ...(schema.default === undefined ? [] : [`default ${schema.default}`]),
        ].join(", ")

/** Parameters that are explained once: what every read and every list takes. */
const common = new Map([
  ["min-sequence", "Wait up to 5 s until the log has reached this sequence, else the problem `range-not-reached`."],
  ["limit", "Entries at most."],
  ["cursor", "`next` or `previous` of an earlier page of the same list, unchanged."],
  ["order", "`desc`: newest first."],
  [
    "idempotency-key",
    "Header of commands: what a retry is known by, 1 to 200 printable characters. The same call with the same key gets the first answer, another call with it the problem `command-conflict`. Kept for 7 days.",
  ],
  [
    "if-match",
    "Header of commands: the `ETag` that was read. Another version of the resource refuses the call with `precondition-failed`.",
  ],
])

const operation = (method, path, { operationId, description, parameters = [], responses }, bodies) => {
  const { payload, success } = bodies.get(operationId.includes(".") ? operationId : `health.${operationId}`) ?? {}
  const own = parameters.filter(({ name }) => !common.has(name))
  const shared = parameters.filter(({ name }) => common.has(name)).map(({ name }) => code(name))
  const good = Object.keys(responses).filter((status) => Number(status) < 400)
  return [
    `### ${method.toUpperCase()} ${path}`,
    "",
    sentence(description ?? ""),
    "",
    ...(payload === undefined ? [] : [`Body: ${payload}.`, ""]),
    ...(success === undefined ? [] : [`Answers ${good.join(" or ")} with ${success}.`, ""]),
    ...(shared.length === 0 ? [] : [`Takes ${shared.join(", ")}.`, ""]),
    ...table(
      ["Parameter", "In", "Type", "Meaning"],
      own.map(({ name, in: place, required, schema, description: meaning }) => [
        `${code(name)}${required ? "" : " (optional)"}`,
        place,
        typeOf(schema, name),
        meaning ?? schema?.description ?? "",
      ]),
    ),
  ]
}

/** The page. `document`: the OpenAPI document; `publicPaths`: what needs no token. */
export const httpPage = (document, publicPaths) => {
  const mentions = new Mentions("http.md")
  const bodies = endpointBodies(mentions.link)
  const routes = document.tags.flatMap(({ name }) => [
    `## ${name}`,
    "",
    ...Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, { tags }]) => tags.includes(name))
        .flatMap(([method, one]) => operation(method, path, one, bodies)),
    ),
  ])
  const own = [...schemasOf("api/Shapes.ts"), ...schemasOf("api/Attached.ts")].filter(
    ({ name, init }) => /Schema\.|pageOf/.test(init.getText()) && name !== "pageOf" && name !== "leaseRange",
  )
  const structs = own.flatMap((each) => [`### ${each.name}`, "", ...about(each, mentions.link)])
  return page(
    "HTTP API",
    "Send `Authorization: Bearer <token>` with every call; the token is in the `token` file of the data directory. Only",
    `${publicPaths.map(code).join(", ")} and \`/assets/*\` need none.`,
    "",
    "The same as an OpenAPI 3.1 document: [openapi.json](openapi.json), which a running server also gives at `/openapi.json`,",
    "and for reading at `/docs`. Errors are [problems](problems.md).",
    "",
    "- Every read carries a `Sequence` header: the sequence of the log that the answer is true for.",
    "- Single resources carry an `ETag` and take `If-None-Match`.",
    "- Commands answer 202 once they are durable; what follows from them is on its way.",
    "- Lists are pages: `items`, and `next` and `previous`, which are opaque cursors or null.",
    "",
    "Parameters that many routes take:",
    "",
    ...table(
      ["Parameter", "Meaning"],
      [...common].map(([name, meaning]) => [code(name), meaning]),
    ),
    `Routes by group: ${document.tags.map(({ name }) => `[${name}](#${slug(name)})`).join(", ")}.`,
    "",
    ...routes,
    "## Bodies",
    "",
    ...structs,
    ...mentioned(mentions, "###"),
  )
}
