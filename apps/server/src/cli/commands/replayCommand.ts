/** `threadfold replay`: a recorded log over HTTP as if it happened now. */
import { Args, Command, Options } from "@effect/cli"
import { maxReplaySpeed } from "@threadfold/contracts"
import { Effect, Schema } from "effect"
import { requirePlatform } from "../../config/platform.js"
import { toProblem } from "../../problems/toProblem.js"
import type { ReplayOptions } from "../../replay/serveReplay.js"
import { currentLook, note, write } from "../output.js"
import { allowedOrigins, json, saying, wholeNumber } from "../sharedOptions.js"
import { untilSignal } from "../signals.js"
import type { Look } from "../text/Look.js"
import { counted, span } from "../text/words.js"

const log = Args.text({ name: "LOG" }).pipe(
  Args.withDescription(
    "A database file, a data directory, a bundle, or a recording of any kind. A copy is read: it stays as it is.",
  ),
)
const Speed = Schema.NumberFromString.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(maxReplaySpeed))
const speed = Options.text("speed").pipe(
  Options.withPseudoName("number"),
  Options.withSchema(
    Speed.annotations({ message: saying(`--speed takes a number above 0, at most ${maxReplaySpeed}`) }),
  ),
  Options.withDescription("How many times as fast as it was. Default: 1."),
  Options.withDefault(1),
)
const port = wholeNumber("port", 0, 65_535).pipe(
  Options.withDescription("Port to listen on, 0 for a free one. Default: 0."),
  Options.withDefault(0),
)
const maxGap = wholeNumber("max-gap", 0, 86_400).pipe(
  Options.withDescription("The longest time between two events that is waited for, s at speed 1. Default: 5."),
  Options.withDefault(5),
)
const paused = Options.boolean("paused").pipe(
  Options.withDescription("Begin paused, with no event out: step, seek or play by POST /v1/replay."),
)

type Bound = Parameters<ReplayOptions["onListening"]>[0]

const page = (look: Look, { directory, events, tokenFile, url }: Bound, link: string, options: ReplayOptions): string =>
  [
    `${look.bold("Replaying")} ${options.path} at ${look.good(url)}`,
    `  events ${counted(events, "event")}, ${options.play ? `at speed ${options.speed}` : "paused"}`,
    `  gaps   longer than ${span(0, options.maxGapMs)} are cut to that`,
    `  page   ${link}`,
    `         (works once, for a minute; \`threadfold page --data-dir ${directory}\` prints a new one)`,
    `  data   ${directory} (removed at the end)`,
    `  token  ${tokenFile}`,
    "",
    "Play, pause, step and seek:",
    `  curl -H "Authorization: Bearer $(cat ${tokenFile})" ${url}/v1/replay`,
    `  curl -H "Authorization: Bearer $(cat ${tokenFile})" -H "Content-Type: application/json" -d '{"step":1}' ${url}/v1/replay`,
    "Ctrl-C ends the replay.",
    "",
  ].join("\n")

export const replayCommand = Command.make(
  "replay",
  { log, speed, port, allowedOrigins, maxGap, paused, json },
  (options) =>
    Effect.gen(function* () {
      yield* Effect.mapError(requirePlatform, toProblem)
      const { serveReplay } = yield* Effect.promise(() => import("../../replay/serveReplay.js"))
      const given: Omit<ReplayOptions, "onListening"> = {
        path: options.log,
        name: options.log,
        port: options.port,
        allowedOrigins: options.allowedOrigins,
        speed: options.speed,
        maxGapMs: options.maxGap * 1000,
        play: !options.paused,
      }
      const onListening = (bound: Bound) =>
        Effect.gen(function* () {
          const { events, tokenFile, url } = bound
          yield* options.json
            ? write(`${JSON.stringify({ url, tokenFile, events, pid: process.pid })}\n`)
            : write(page(yield* currentLook, bound, yield* bound.newPageLink, { ...given, onListening }))
        }).pipe(Effect.ignore)
      yield* Effect.raceFirst(untilSignal, serveReplay({ ...given, onListening }))
      yield* note("Stopping.")
    }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Serve a recorded log over HTTP as if it happened now, to build and debug a page against it. Nothing is written, no agent runs.",
  ),
)
