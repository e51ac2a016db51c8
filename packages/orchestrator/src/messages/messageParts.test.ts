/** Messages with parts on their way to the agent: it gets the bytes that were stored, in turns, steers and after a restart. */
import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  completes,
  type OrchestratorFixture,
  openFixture,
  runningTurn,
  textsTaken,
  turnsOf,
  until,
  workingFixture,
} from "../../test/OrchestratorFixture.js"

const bytes = Buffer.from("the bytes of an image")
const hash = createHash("sha256").update(bytes).digest("hex")
const parts = [
  { type: "text", text: "look" },
  { type: "image", hash, mediaType: "image/png", size: bytes.length, path: "shot.png" },
  { type: "file", path: "a.txt", size: bytes.length, hash },
  { type: "file", path: "long.txt", size: 9_000_000 },
]

const store = ({ engine }: OrchestratorFixture) =>
  engine.submit({ drafts: [], blobs: [{ hash, mediaType: "image/png", size: bytes.length, bytes }] })

/** The parts of a message, with the bytes as text. */
const taken = (fixture: OrchestratorFixture) =>
  fixture.agent.parts
    .at(-1)
    ?.map((part) =>
      "bytes" in part && part.bytes !== null ? { ...part, bytes: Buffer.from(part.bytes).toString() } : part,
    )

const given = [
  { type: "text", text: "look" },
  { type: "image", mediaType: "image/png", bytes: `${bytes}`, path: expect.stringMatching(/\/shot\.png$/) },
  { type: "file", path: expect.stringMatching(/\/a\.txt$/), bytes: `${bytes}` },
  { type: "file", path: expect.stringMatching(/\/long\.txt$/), bytes: null },
]

describe("a message with parts", () => {
  it.scoped("reaches the agent with its bytes", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      yield* store(fixture)
      yield* fixture.send("look", { parts })
      yield* textsTaken(fixture, 1)
      expect(taken(fixture)).toEqual(given)
      expect(yield* fixture.violations()).toEqual([])
    }),
  )

  it.scoped("waits in the queue with them, and steers with them", () =>
    Effect.gen(function* () {
      const { fixture } = yield* workingFixture("one")
      yield* store(fixture)
      yield* fixture.send("look", { parts, mode: "steer" })
      yield* textsTaken(fixture, 2)
      expect(taken(fixture)).toEqual(given)
      yield* fixture.send("look again", { parts })
      completes(fixture, "turn-1")
      yield* textsTaken(fixture, 3)
      expect(taken(fixture)).toEqual(given)
      yield* runningTurn(fixture)
      expect((yield* turnsOf(fixture)).find(({ text }) => text === "look again")).toMatchObject({ parts })
    }),
  )

  it.scoped("is refused where its blob is not stored, and nothing comes of it", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      const refused = yield* Effect.flip(fixture.send("look", { parts }))
      expect(refused).toMatchObject({ _tag: "CommandRefused", reason: "blob-not-found" })
      expect(yield* turnsOf(fixture)).toEqual([])
    }),
  )

  it.scoped("reaches the agent after a crash between its acceptance and its delivery", () =>
    Effect.gen(function* () {
      const fixture = yield* openFixture()
      yield* store(fixture)
      fixture.agent.behaviour["send-turn"] = "hang"
      yield* fixture.send("look", { parts })
      yield* until(turnsOf(fixture), (turns) => turns.length === 1)
      yield* fixture.stop
      fixture.agent.behaviour["send-turn"] = "answer"
      yield* fixture.start()
      const [turn] = yield* turnsOf(fixture)
      expect(turn).toMatchObject({ text: "look", parts })
    }),
  )
})
