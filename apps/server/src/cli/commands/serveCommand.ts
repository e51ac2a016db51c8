/** `threadfold serve`. */
import { basename, isAbsolute, relative } from "node:path"
import { Command, Options } from "@effect/cli"
import { Effect, Layer, Logger, Option } from "effect"
import { version } from "../../installed.js"
import { toProblem } from "../../problems/toProblem.js"
import type { Serving } from "../../serve/serve.js"
import { telemetryLayer } from "../../telemetry/Telemetry.js"
import { currentLook, note, write } from "../output.js"
import { allowedOrigins, config, dataDir, directoryOf, wholeNumber } from "../sharedOptions.js"
import { untilSignal } from "../signals.js"
import type { Look } from "../text/Look.js"
import { counted } from "../text/words.js"

const port = wholeNumber("port", 0, 65_535).pipe(
  Options.withDescription("Port to listen on, 0 for a free one. Default: 7420, or the next one that is free."),
  Options.optional,
)
const host = Options.text("host").pipe(
  Options.withDescription("Address to listen on. Default: 127.0.0.1."),
  Options.withDefault("127.0.0.1"),
)
const allowRemote = Options.boolean("allow-remote").pipe(
  Options.withDescription(
    "Allow an address that other machines can reach. Any caller with the token then reads everything.",
  ),
)
const allowedHosts = Options.text("allowed-host").pipe(
  Options.withDescription(
    "With --allow-remote: a name under which the server may be called; may be given several times.",
  ),
  Options.repeated,
  // Only so that help shows it in brackets: none is as good as some.
  Options.withDefault([]),
)
const desktop = Options.boolean("desktop").pipe(
  Options.withDescription(
    "For desktop apps: print one JSON line {url, token, pid, version}; end when standard input closes.",
  ),
)
const accessLog = Options.choice("access-log", ["stderr", "off"]).pipe(
  Options.withDescription("Where a line goes for each call that changes something, and for refusals. Default: stderr."),
  Options.withDefault("stderr"),
)
const inferenceGateway = Options.boolean("inference-gateway").pipe(
  Options.withDescription(
    "Record the model calls of every agent, unless the configuration of an agent says otherwise.",
  ),
)
const sql = Options.boolean("sql").pipe(
  Options.withDescription("Run statements over the documented views (`POST /v1/sql`)."),
)
const loadExample = Options.boolean("load-example").pipe(
  Options.withDescription("Import a recorded session first, where the log is empty."),
)

/** A path as a person would type it here. */
const typed = (path: string): string => {
  const short = relative(process.cwd(), path)
  const shown = short === "" ? "." : short.startsWith("..") || isAbsolute(short) ? path : short
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`
}

/** How this program is called. */
const command = (): string => {
  const script = process.argv[1] ?? "threadfold"
  return basename(script) === "threadfold" ? "threadfold" : `node ${typed(script)}`
}

/**
 * What is said at the start.
 *
 * @param link a new link to the web page
 * @param taken the usual port, where it was to be used and is taken; null: the server has the port that it was to have
 */
const page = (
  look: Look,
  { agents, directory, example, port, tokenFile, url }: Serving,
  link: string,
  taken: number | null,
): string => {
  const where = typed(directory)
  const [agent] = agents
  return [
    `${look.bold(`Threadfold ${version}`)} serves ${look.good(url)}`,
    ...(taken === null ? [] : [`  port   ${taken} is taken, so ${port}`]),
    `  page   ${link}`,
    `         (works once, for a minute; \`${command()} page --data-dir ${where}\` prints a new one)`,
    `  data   ${where}`,
    `  token  ${typed(tokenFile)}`,
    `  agents ${agents.length === 0 ? `none; \`${command()} doctor\` says how to get one` : agents.join(", ")}`,
    ...(example === 0 ? [] : [`  loaded a recorded session: ${counted(example, "event")}`]),
    "",
    "Try, in another terminal:",
    `  ${command()} threads --data-dir ${where}`,
    ...(agent === undefined ? [] : [`  ${command()} send --data-dir ${where} --agent ${agent} --wait "Say hello"`]),
    `  ${command()} tail --data-dir ${where}`,
    `  curl -H "Authorization: Bearer $(cat ${typed(tokenFile)})" ${url}/v1/threads`,
    `The routes are at ${url}/docs. Ctrl-C stops the server.`,
    "",
  ].join("\n")
}

/** Until the program that started us closes our standard input, or ends. */
const untilStdinCloses: Effect.Effect<void> = Effect.async<void>((resume) => {
  const done = () => resume(Effect.void)
  process.stdin.once("end", done).once("close", done).once("error", done).resume()
})

/** Standard output belongs to the address; what the server logs goes to standard error. */
const logToStandardError = Logger.replace(
  Logger.defaultLogger,
  Logger.map(Logger.logfmtLogger, (line) => {
    process.stderr.write(`${line}\n`)
  }),
)

export const serveCommand = Command.make(
  "serve",
  {
    port,
    host,
    dataDir,
    config,
    desktop,
    allowRemote,
    allowedHosts,
    allowedOrigins,
    accessLog,
    inferenceGateway,
    loadExample,
    sql,
  },
  (options) =>
    Effect.gen(function* () {
      // Loaded on demand: most commands need no server.
      const { serve, usualPort } = yield* Effect.promise(() => import("../../serve/serve.js"))
      const serving = yield* serve({
        ...options,
        accessLog: options.accessLog !== "off",
        dataDir: yield* directoryOf(options.dataDir),
        config: Option.getOrNull(options.config),
        // A desktop app reads the port from our answer: any will do.
        port: Option.getOrElse(options.port, () => (options.desktop ? 0 : null)),
      })
      if (options.desktop) {
        const { token, url } = serving
        yield* write(`${JSON.stringify({ url, token, pid: process.pid, version })}\n`)
        yield* Effect.raceFirst(Effect.raceFirst(untilSignal, untilStdinCloses), serving.broken)
      } else {
        const isUsual = Option.isSome(options.port) || serving.port === usualPort
        yield* write(page(yield* currentLook, serving, yield* serving.newPageLink, isUsual ? null : usualPort))
        yield* Effect.raceFirst(untilSignal, serving.broken)
        yield* note("Stopping.")
      }
    }).pipe(
      Effect.scoped,
      // Outside the scope: what the end of the server says is exported, too.
      Effect.provide(Layer.mapError(telemetryLayer, toProblem)),
      Effect.provide(logToStandardError),
    ),
).pipe(
  Command.withDescription(
    "Serve a data directory over HTTP and streams: run agents, and take events of attached sessions.",
  ),
)
