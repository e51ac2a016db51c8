/** The pages that come from `contracts` and `core`. */
import { code, page, sentence, slug, table } from "./markdown.js"
import { definition, fieldsOf, type NamedSchema, nameOf, referredBy } from "./schemas.js"
import { about, isHome, Mentions, mentioned, settle } from "./shapes.js"

/** What the built packages export. */
export type Contracts = typeof import("../../packages/contracts/dist/index.js") &
  typeof import("../../packages/contracts/dist/api/index.js") &
  typeof import("../../packages/contracts/dist/api/Problem.js")
export type Core = typeof import("../../packages/core/dist/index.js")

const envelope = ["EventEnvelope", "ProviderEvent", "NativeRef", "Actor", "Channel"] as const
const readModel = [
  "ThreadView",
  "ThreadDetail",
  "SessionView",
  "TurnView",
  "TurnDetail",
  "ItemView",
  "RequestView",
  "RequestDetail",
  "InferenceView",
  "RealtimeRunView",
  "DelegationView",
  "TaskView",
  "QueueView",
  "UsageView",
  "ThreadUsage",
  "AnomalyView",
  "EffectView",
  "CommandView",
  "Receipt",
  "AgentView",
  "ReaperFindingView",
  "ThreadSnapshot",
  "ImportReport",
  "CheckReport",
  "ProjectionsReport",
  "LogReport",
  "VerifyReport",
  "SalvageReport",
  "AdapterReport",
  "Stats",
] as const

/** The name of an export that is a schema. */
type Shape = (typeof envelope)[number] | (typeof readModel)[number]

/** Names of the exports of a list, in order. */
const namesOf = (contracts: Contracts, exports: readonly Shape[]): readonly string[] =>
  exports.map((each) => nameOf(contracts[each]))

/** Says which page describes what; before any page is made. */
export const settlePages = (contracts: Contracts): void => {
  settle("envelope.md", namesOf(contracts, envelope))
  settle("problems.md", ["ProblemDetails"])
  settle("anomalies.md", ["AnomalyReason"])
  const shown = namesOf(contracts, readModel)
  settle("read-model.md", [...shown, ...referredBy(shown)])
}

/** The schema of a payload. */
interface Payload extends NamedSchema {
  readonly fields: object
}

/** The catalogue of events. */
export const eventsPage = ({
  eventVersions,
  openingEvents,
  orchestrationEvents,
  providerEvents,
}: Contracts): string => {
  const versions: Readonly<Record<string, number>> = eventVersions
  const opening: Readonly<Record<string, string | undefined>> = openingEvents
  const mentions = new Mentions("events.md")
  const group = (entries: Readonly<Record<string, Payload>>): readonly string[] =>
    Object.entries(entries).flatMap(([key, schema]) => {
      const name = nameOf(schema)
      const opens = opening[key]
      const lead = definition(name).description ?? ""
      const own = name === "Empty" ? "" : lead
      return [
        `### ${key}`,
        "",
        [
          `Version ${versions[key]}.`,
          ...(opens === undefined ? [] : [`Opening event: mints ${code(opens)}.`]),
          ...(own === "" || /^an opening event\.?$/i.test(own) ? [] : [sentence(own)]),
        ].join(" "),
        "",
        ...(Object.keys(schema.fields).length === 0 ? [] : about(name, mentions.link, { lead: "" })),
      ]
    })
  const names = (entries: object): string =>
    Object.keys(entries)
      .map((key) => `[${code(key)}](#${slug(key)})`)
      .join(" ")
  const body = [
    "## Provider events",
    "",
    "What agents say. Each carries `(sessionId or connectionId, channel, seq)`.",
    "",
    ...group(providerEvents),
    "## Orchestration events",
    "",
    "What Threadfold says; in an imported recording, what the client said.",
    "",
    ...group(orchestrationEvents),
  ]
  return page(
    "Events",
    "The types of events and their payloads. Around every payload is the [envelope](envelope.md). A type that this version",
    "does not know is stored, counted and skipped by the fold. In the OpenAPI document each type is a component, for example",
    "`TurnCompletedEvent`; `KnownEvent` is their union, and an event of any other type is an `UnknownEvent`.",
    "",
    `${Object.keys(providerEvents).length} provider events: ${names(providerEvents)}`,
    "",
    `${Object.keys(orchestrationEvents).length} orchestration events: ${names(orchestrationEvents)}`,
    "",
    ...body,
    "## Shared types",
    "",
    ...mentioned(mentions, "###"),
  )
}

/** A page of shapes, each under its name; where a program knows it by another one, that is said. */
const shapesPage = (
  contracts: Contracts,
  file: string,
  title: string,
  lead: readonly string[],
  exports: readonly Shape[],
  more: readonly string[] = [],
): string => {
  const mentions = new Mentions(file)
  const body = exports.flatMap((each) => {
    const name = nameOf(contracts[each])
    const known = name === each ? [] : [`In TypeScript ${code(each)} of \`@threadfold/contracts\`.`, ""]
    return [`## ${name}`, "", ...known, ...about(name, mentions.link)]
  })
  const rest = more.flatMap((name) => [`## ${name}`, "", ...about(name, mentions.link)])
  return page(title, ...lead, "", ...body, ...rest, ...mentioned(mentions))
}

/** The envelope, in its two shapes. */
export const envelopePage = (contracts: Contracts): string =>
  shapesPage(
    contracts,
    "envelope.md",
    "Envelope",
    [
      "`ProviderEvent` is what a source hands in; `EventEnvelope` is what the log holds and every surface shows.",
      "Ids of ours are opaque UUIDv7; order is `sequence` alone.",
    ],
    envelope,
  )

/** The shapes of the read model. */
export const readModelPage = (contracts: Contracts): string =>
  shapesPage(
    contracts,
    "read-model.md",
    "Read model",
    [
      'What `--json` prints and HTTP answers, by the names of the OpenAPI document. Absent is `null`, never `0` or `""`.',
      "[How shapes change](../http.md#how-shapes-change).",
    ],
    readModel,
    referredBy(namesOf(contracts, readModel)).filter((name) => isHome("read-model.md", name)),
  )

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

type Table = Contracts["tables"][keyof Contracts["tables"]]

/** Whether a table says which entity its rows are. Each does; its type in the list of all tables leaves it out. */
const isOfEntity = (table: Table): table is Table & { readonly entity: NamedSchema } => "entity" in table

/** A column's type: what SQLite stores and, where it is a named shape, which. */
const columnType = ({ bit, derived, nullable, type }: Table["columns"][string], of = ""): string => {
  const named = /\[\w+\]\([^)]*\)/.exec(of)?.[0]
  return [
    `${type}${named === undefined ? "" : ` (${named})`}`,
    ...(bit ? ["1 or 0"] : []),
    ...(nullable ? ["may be null"] : []),
    ...(derived ? ["derived"] : []),
  ].join(", ")
}

/** The tables of the projections. */
export const tablesPage = ({ tables }: Contracts): string => {
  const mentions = new Mentions("tables.md")
  const described = Object.values(tables)
    .filter(isOfEntity)
    .flatMap(({ name, doc, entity, key, columns, lookups }) => {
      const types = new Map(
        (fieldsOf(definition(nameOf(entity)), mentions.link) ?? []).map(({ name: column, type }) => [column, type]),
      )
      const ways = Object.values(lookups).map((list) => `(${list.map((each) => code(snake(each))).join(", ")})`)
      return [
        `## ${name}`,
        "",
        `${doc} Key: ${key.map((each) => code(snake(each))).join(", ")}.${
          ways.length === 0 ? "" : ` Looked up by ${ways.join(" and ")} too.`
        }`,
        "",
        ...table(
          ["Column", "Type", "Meaning"],
          Object.entries(columns).map(([column, said]) => [
            code(snake(column)),
            columnType(said, types.get(column)),
            said.doc,
          ]),
        ),
      ]
    })
  return page(
    "Tables",
    "The tables of the projections, in the order of the canonical hash. They follow from the log alone: `threadfold rebuild`",
    "makes them anew. *Derived* columns depend on `sequence` or on our clock and are not part of the hash. Beside them lie the",
    "tables of the log and the working tables, which are no part of the contract.",
    "",
    ...described,
    ...mentioned(mentions),
  )
}

/** The closed list of anomaly reasons. */
export const anomaliesPage = ({ anomalyReasons }: Contracts): string =>
  page(
    "Anomalies",
    "What the fold refused to apply, or what is odd about a source. An anomaly is keyed by (thread, subject, reason), with a",
    "count and the first and last sequence. It is a fact about a source, not a bug: broken rules of ours are",
    "[invariants](invariants.md). The list is closed.",
    "",
    "## AnomalyReason",
    "",
    ...table(
      ["Reason", "Meaning"],
      Object.entries(anomalyReasons).map(([reason, text]) => [code(reason), text]),
    ),
  )

/** The problem catalogue. */
export const problemsPage = ({ ProblemDetails, problems }: Contracts): string => {
  const mentions = new Mentions("problems.md")
  return page(
    "Problems",
    "Every error that leaves Threadfold is one of these, as `application/problem+json` (RFC 9457) over HTTP and on standard",
    "error of the command line. `type` is `urn:threadfold:problem:<slug>`.",
    "",
    ...table(
      ["Slug", "Status", "Title", "What to do next"],
      Object.entries(problems).map(([name, { status, title, next }]) => [code(name), status, title, next]),
    ),
    "## ProblemDetails",
    "",
    ...about(nameOf(ProblemDetails), mentions.link),
    ...mentioned(mentions),
  )
}

const kinds = {
  log: "Looks at the sequence as recorded. `threadfold check` runs it and names the first event that breaks it.",
  row: "Looks at the stored tables as they are. `threadfold check` runs it and names the last event that touched the row.",
  fold: "Looks at the open state after every step of the fold. Tests and the fold itself run it.",
}

/** An environment variable. */
export interface EnvironmentVariable {
  readonly name: string
  readonly accepts: string
  readonly meaning: string
}

/** The environment of the server and the command line. */
export const environmentPage = (variables: readonly EnvironmentVariable[]): string =>
  page(
    "Environment",
    "The environment variables that `threadfold` reads. An empty one counts as not set. Where a value is not taken, the program ends with",
    "exit code 3 and `invalid-configuration`, which names the variable and what it takes, never the value. An option of the command line",
    "overrides the variable.",
    "",
    ...table(
      ["Variable", "Takes", "Meaning"],
      variables.map(({ name, accepts, meaning }) => [code(name), accepts, meaning]),
    ),
    "Node and the system have theirs, too: `HOME` (the home directory), `TMPDIR` (private copies), and `PATH`, `NODE_PATH` and",
    "`npm_config_prefix`, by which programs and modules of agents are found. A folder on them that is relative, in the current directory or in the folder of a",
    "thread is passed over. What agents see of the environment is another list: [agents](../how-to/agents.md#the-environment).",
  )

/** The invariants. */
export const invariantsPage = ({ invariants }: Core): string =>
  page(
    "Invariants",
    `What always holds: ${invariants.length} rules of three kinds. A broken one is a bug of ours or a damaged database; what sources may cause is an`,
    "[anomaly](anomalies.md).",
    "",
    ...Object.entries(kinds).flatMap(([kind, text]) => [
      `## ${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`,
      "",
      text,
      "",
      ...table(
        ["Invariant", "Severity", "What always holds"],
        invariants.filter((one) => one.kind === kind).map(({ id, severity, text: rule }) => [code(id), severity, rule]),
      ),
    ]),
  )

/** The transition tables, as `core` prints them. */
export const transitionsPage = ({ transitionsMarkdown }: Core): string => {
  const [, ...lines] = transitionsMarkdown().split("\n")
  return page("Transitions", ...lines.slice(1), "The rules are in [the rules of the fold](../rules.md).")
}
