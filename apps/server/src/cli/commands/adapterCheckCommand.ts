/** `threadfold adapter-check [URL]`. */
import { Args, Command, Options } from "@effect/cli"
import { Effect, Option, Schema } from "effect"
import { Finding, writeThenFail } from "../failures.js"
import { currentLook, note, write, writeJson } from "../output.js"
import { adapterCheckPage, adapterCheckStart } from "../pages/adapterCheckPage.js"
import { json, oneOf, saying, wholeNumber } from "../sharedOptions.js"
import { untilSignal } from "../signals.js"

const webAddress = Schema.URL.pipe(
  Schema.filter(({ protocol }) => protocol === "http:"),
  Schema.annotations({ message: saying("URL is an address that begins with http://") }),
)
const url = Args.text({ name: "URL" }).pipe(
  Args.withSchema(webAddress),
  Args.withDescription(
    "The server that the proxy passes calls on to; without it one of its own, whose data directory is removed at the end.",
  ),
  Args.optional,
)

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

/** `30s`, `5m`, `1h` as ms. */
const Span = Schema.String.pipe(
  Schema.pattern(/^[1-9]\d{0,5}[smh]$/),
  Schema.transform(Schema.Number, {
    strict: true,
    decode: (text) => Number.parseInt(text, 10) * (units[text.slice(-1)] ?? 0),
    encode: (ms) => `${Math.round(ms / 1_000)}s`,
  }),
  Schema.annotations({ message: saying("--for takes a time such as 30s, 5m or 1h") }),
)
const span = Options.text("for").pipe(
  Options.withPseudoName("time"),
  Options.withSchema(Span),
  Options.withDescription("End after this time, for example 30s, 5m or 1h; else at Ctrl-C."),
  Options.optional,
)
const faults = oneOf("faults", ["all", "none"]).pipe(
  Options.withDescription("Whether faults of the network and of the server are made, once each. Default: all."),
  Options.withDefault("all"),
)
const port = wholeNumber("port", 0, 65_535).pipe(
  Options.withDescription("Port that the adapter is to call. Default: a free one."),
  Options.withDefault(0),
)

export const adapterCheckCommand = Command.make("adapter-check", { url, span, faults, port, json }, (options) =>
  Effect.gen(function* () {
    // Loaded on demand: it brings a server with it.
    const { openAdapterCheck } = yield* Effect.promise(() => import("../../adapter-check/openAdapterCheck.js"))
    const check = yield* openAdapterCheck({
      upstream: Option.getOrNull(options.url),
      faults: options.faults === "all",
      port: options.port,
    })
    yield* note(adapterCheckStart(check, Option.getOrNull(options.span)))
    yield* Option.match(options.span, {
      onNone: () => untilSignal,
      onSome: (ms) => Effect.raceFirst(untilSignal, Effect.sleep(ms)),
    })
    const report = yield* check.report
    const lost = yield* check.serverLost
    yield* writeThenFail(
      options.json ? writeJson(report) : write(adapterCheckPage(yield* currentLook, report)),
      lost ?? (report.ok ? null : new Finding()),
    )
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Check an adapter that pushes events. The adapter calls a proxy, which makes faults, passes calls on to a server, and records them. Exit 1 at a finding.",
  ),
)
