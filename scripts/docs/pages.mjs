/** The pages that come from `contracts` and `core`. */
import { code, page, sentence, slug, table } from "./markdown.mjs"
import { entriesOf, schemasOf } from "./schemas.mjs"
import { about, Mentions, mentioned, settle } from "./structs.mjs"

const envelopeNames = ["EventEnvelope", "ProviderEvent", "NativeRef", "Actor", "Channel"]
const readModelNames = () => schemasOf("ReadModel.ts").map(({ name }) => name)

/** Says which page describes what; before any page is made. */
export const settlePages = () => {
  settle("envelope.md", envelopeNames)
  settle("read-model.md", readModelNames())
  settle(
    "http.md",
    [...schemasOf("api/Shapes.ts"), ...schemasOf("api/Attached.ts")].map(({ name }) => name),
  )
  settle("problems.md", ["ProblemDetails"])
}

/** The catalogue of events. */
export const eventsPage = ({ eventVersions, openingEvents }) => {
  const mentions = new Mentions("events.md")
  const group = (entries) =>
    entries.flatMap(({ key, declaration }) => {
      const opens = openingEvents[key]
      // A comment may say several types at once: they are its heading, not its text.
      const lead = declaration.doc.replace(/^(`[^`]+`(, )?)+[:.] ?/, "")
      const own = declaration.name === "Empty" ? "" : lead
      return [
        `### ${key}`,
        "",
        [
          `Version ${eventVersions[key]}.`,
          ...(opens === undefined ? [] : [`Opening event: mints ${code(opens)}.`]),
          ...(own === "" || /^an opening event\.?$/i.test(own) ? [] : [sentence(own)]),
        ].join(" "),
        "",
        ...about(declaration, mentions.link, { lead: "" }),
      ]
    })
  const provider = entriesOf("providerEvents")
  const orchestration = entriesOf("orchestrationEvents")
  const names = (entries) => entries.map(({ key }) => `[${code(key)}](#${slug(key)})`).join(" ")
  const body = [
    "## Provider events",
    "",
    "What agents say. Each carries `(sessionId or connectionId, channel, seq)`.",
    "",
    ...group(provider),
    "## Orchestration events",
    "",
    "What Threadfold says; in an imported recording, what the client said.",
    "",
    ...group(orchestration),
  ]
  return page(
    "Events",
    "The types of events and their payloads. Around every payload is the [envelope](envelope.md). A type that this version",
    "does not know is stored, counted and skipped by the fold.",
    "",
    `${provider.length} provider events: ${names(provider)}`,
    "",
    `${orchestration.length} orchestration events: ${names(orchestration)}`,
    "",
    ...body,
    "## Shared types",
    "",
    ...mentioned(mentions, "###"),
  )
}

const structsPage = (file, title, lead, declarations) => {
  const mentions = new Mentions(file)
  const body = declarations.flatMap((each) => [`## ${each.name}`, "", ...about(each, mentions.link)])
  return page(title, ...lead, "", ...body, ...mentioned(mentions))
}

/** The envelope, in its two shapes. */
export const envelopePage = () =>
  structsPage(
    "envelope.md",
    "Envelope",
    [
      "`ProviderEvent` is what a source hands in; `EventEnvelope` is what the log holds and every surface shows.",
      "Ids of ours are opaque UUIDv7; order is `sequence` alone.",
    ],
    [...schemasOf("Envelope.ts"), ...schemasOf("Native.ts")].filter(({ name }) => envelopeNames.includes(name)),
  )

/** The shapes of the read model. */
export const readModelPage = () =>
  structsPage(
    "read-model.md",
    "Read model",
    ['What `--json` prints and HTTP answers. Absent is `null`, never `0` or `""`.'],
    schemasOf("ReadModel.ts"),
  )

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The tables of the projections. */
export const tablesPage = ({ tables }) =>
  page(
    "Tables",
    "The tables of the projections, in the order of the canonical hash. They follow from the log alone: `threadfold rebuild`",
    "makes them anew. *Derived* columns depend on `sequence` or on our clock and are not part of the hash. Beside them lie the",
    "tables of the log and the working tables, which are no part of the contract.",
    "",
    ...Object.values(tables).flatMap(({ name, doc, key, columns, lookups }) => [
      `## ${name}`,
      "",
      `${doc} Key: ${key.map((each) => code(snake(each))).join(", ")}.${
        Object.keys(lookups).length === 0
          ? ""
          : ` Looked up by ${Object.values(lookups)
              .map((list) => `(${list.map((each) => code(snake(each))).join(", ")})`)
              .join(" and ")} too.`
      }`,
      "",
      ...table(
        ["Column", "Type", "Meaning"],
        Object.entries(columns).map(([column, { type, nullable, derived, doc: meaning }]) => [
          code(snake(column)),
          `${type}${nullable ? ", may be null" : ""}${derived ? ", derived" : ""}`,
          meaning,
        ]),
      ),
    ]),
  )

/** The closed list of anomaly reasons. */
export const anomaliesPage = ({ anomalyReasons }) =>
  page(
    "Anomalies",
    "What the fold refused to apply, or what is odd about a source. An anomaly is keyed by (thread, subject, reason), with a",
    "count and the first and last sequence. It is a fact about a source, not a bug: broken rules of ours are",
    "[invariants](invariants.md). The list is closed.",
    "",
    ...table(
      ["Reason", "Meaning"],
      Object.entries(anomalyReasons).map(([reason, text]) => [code(reason), text]),
    ),
  )

/** The problem catalogue. */
export const problemsPage = ({ problems }) => {
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
    ...structsPage(
      "problems.md",
      "",
      [],
      schemasOf("Problem.ts").filter(({ name }) => name === "ProblemDetails"),
    )
      .split("\n")
      .slice(4),
    ...mentioned(mentions),
  )
}

const kinds = {
  log: "Looks at the sequence as recorded. `threadfold check` runs it and names the first event that breaks it.",
  row: "Looks at the stored tables as they are. `threadfold check` runs it and names the last event that touched the row.",
  fold: "Looks at the open state after every step of the fold. Tests and the fold itself run it.",
}

/** The invariants. */
export const invariantsPage = ({ invariants }) =>
  page(
    "Invariants",
    `What always holds: ${invariants.length} rules of three kinds. A broken one is a bug of ours or a damaged database; what sources may cause is an`,
    "[anomaly](anomalies.md).",
    "",
    ...Object.entries(kinds).flatMap(([kind, text]) => [
      `## ${kind[0].toUpperCase()}${kind.slice(1)}`,
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
export const transitionsPage = ({ transitionsMarkdown }) => {
  const [, ...lines] = transitionsMarkdown().split("\n")
  return page("Transitions", ...lines.slice(1), "The rules are in [the rules of the fold](../rules.md).")
}
