/**
 * Plays a recording as a live session: the same lines through the same translator, at the recorded pace, at a multiple of
 * it, or as fast as the consumer reads. Time is Effect's clock. The only operation of a recording is to stop it.
 */

import { Chunk, Clock, Deferred, Effect, Option, Stream } from "effect"
import { noChoices, noneOfConversations, textOnly } from "../drive/AgentConfig.js"
import {
  type Capabilities,
  type Operation,
  type ProviderConnection,
  type ProviderDriver,
  Unsupported,
} from "../ProviderDriver.js"
import type { Emitted, Translator, WireLine } from "../Translator.js"

export interface ReplayOptions {
  /** Provider kind of the recording. */
  readonly provider: string
  /** The lines, in order. */
  readonly lines: readonly WireLine[]
  /** Makes a new translator. Each connection plays the recording from its start. */
  readonly translator: () => Translator
  /** 1 is the recorded pace, 2 is twice as fast, `full` does not wait. Must be above 0. */
  readonly speed: number | "full"
}

/** How many lines are translated at a time at full speed. */
const linesAtOnce = 256

const capabilities: Capabilities = {
  "start-thread": false,
  "resume-thread": false,
  "send-turn": false,
  steer: false,
  interrupt: false,
  answer: false,
  configure: false,
  stop: true,
  ...noneOfConversations,
  unknown: [],
  sharesConnection: false,
  configuration: noChoices,
  lists: [],
  ...textOnly,
}

interface Player {
  readonly translator: Translator
  /** Waits until a source time is due. True: the playback was stopped before. */
  readonly until: (sourceTime: number) => Effect.Effect<boolean>
}

type Step = readonly [Chunk.Chunk<Emitted>, Option.Option<number>]

const step = (emitted: readonly Emitted[], next: number | null): Step => [
  Chunk.fromIterable(emitted),
  Option.fromNullable(next),
]

/** Plays one line, or releases the events that are due before it. */
const paced = (player: Player, line: WireLine, index: number): Effect.Effect<Step> => {
  const deadline = player.translator.nextDeadline()
  const isDeadline = deadline !== null && deadline < line.at
  const due = isDeadline ? deadline : line.at
  return Effect.map(player.until(due), (stopped) => {
    if (stopped) return step(player.translator.end(due, "transport-closed"), null)
    return isDeadline ? step(player.translator.tick(due), index) : step(player.translator.push(line).emitted, index + 1)
  })
}

const play = (options: ReplayOptions, stopped: Deferred.Deferred<void>): Stream.Stream<Emitted> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { lines, speed } = options
      const translator = options.translator()
      const startedAt = yield* Clock.currentTimeMillis
      const firstAt = lines[0]?.at ?? 0
      const lastAt = lines.at(-1)?.at ?? 0

      const until = (sourceTime: number): Effect.Effect<boolean> => {
        if (speed === "full") return Deferred.isDone(stopped)
        return Clock.currentTimeMillis.pipe(
          Effect.map((now) => startedAt + (sourceTime - firstAt) / speed - now),
          Effect.flatMap((ms) => (ms > 0 ? Effect.race(Effect.sleep(ms), Deferred.await(stopped)) : Effect.void)),
          Effect.zipRight(Deferred.isDone(stopped)),
        )
      }
      const player: Player = { translator, until }

      const burst = (index: number): Effect.Effect<Step> =>
        Effect.map(until(lastAt), (isStopped) => {
          const taken = lines.slice(index, index + linesAtOnce)
          if (isStopped) return step(translator.end(taken[0]?.at ?? lastAt, "transport-closed"), null)
          return step(
            taken.flatMap((line) => translator.push(line).emitted),
            index + taken.length,
          )
        })

      return Stream.paginateChunkEffect(0, (index): Effect.Effect<Step> => {
        const line = lines[index]
        if (line === undefined) return Effect.sync(() => step(translator.end(lastAt, "recording-ended"), null))
        return speed === "full" ? burst(index) : paced(player, line, index)
      })
    }),
  )

/** A driver whose connections play one recording. */
export const makeReplayDriver = (options: ReplayOptions): ProviderDriver => {
  if (options.speed !== "full" && !(options.speed > 0)) throw new RangeError("speed: expected a number above 0")
  const { provider } = options
  const unsupported = (operation: Operation) => (): Effect.Effect<never, Unsupported> =>
    new Unsupported({ provider, operation })
  return {
    provider,
    capabilities,
    settingsOf: () => ({}),
    connect: () =>
      Effect.acquireRelease(Deferred.make<void>(), (stopped) => Deferred.succeed(stopped, undefined)).pipe(
        Effect.map(
          (stopped): ProviderConnection => ({
            events: play(options, stopped),
            reference: () => null,
            startThread: unsupported("start-thread"),
            resumeThread: unsupported("resume-thread"),
            sendTurn: unsupported("send-turn"),
            steer: unsupported("steer"),
            interrupt: unsupported("interrupt"),
            answer: unsupported("answer"),
            configure: unsupported("configure"),
            closeThread: unsupported("stop"),
            stop: Effect.asVoid(Deferred.succeed(stopped, undefined)),
          }),
        ),
      ),
  }
}
