/** A few commands through an engine, wherever its writer runs, and the outcome of each: plain data that compares. */
import type { EffectRow } from "@threadfold/contracts"
import { Effect, Schema } from "effect"
import { Engine, type Submission, SubmitError } from "../src/index.js"
import { commandOf, create, lease, send } from "./submissions.js"

/** Takes errors of their own classes only, wherever they come from. */
const encodeError = Schema.encodeSync(SubmitError)

/** Without our clock, which differs from run to run. */
const timeless = ({ createdAt: _c, ...effect }: EffectRow) => effect

const outcomeOf = (submission: Submission) =>
  Effect.gen(function* () {
    const { submit } = yield* Engine
    const answer = yield* Effect.either(submit(submission))
    if (answer._tag === "Left") return { refused: encodeError(answer.left) }
    const { effects, head, receipt, results } = answer.right
    return { head, receipt, effects: effects.map(timeless), statuses: results.map(({ status }) => status) }
  })

/** Creates a thread, sends a message twice, sends a command that is refused, and takes a lease. */
export const story = Effect.gen(function* () {
  const created = yield* outcomeOf(commandOf("create", create))
  const sent = yield* outcomeOf(commandOf("send", { ...send("hällo 🧵"), settings: { model: "m" } }, "key"))
  const again = yield* outcomeOf(commandOf("retry", { ...send("hällo 🧵"), settings: { model: "m" } }, "key"))
  const other = yield* outcomeOf(commandOf("other", send("else"), "key"))
  const refused = yield* outcomeOf(commandOf("start", { ...send("b"), mode: "start" }))
  const effectId = "effects" in sent ? (sent.effects?.[0]?.effectId ?? "") : ""
  const leased = yield* outcomeOf(lease(effectId))
  const late = yield* outcomeOf(lease(effectId, "another"))
  const interrupted = yield* outcomeOf(commandOf("interrupt", { type: "turn.interrupt" }))
  return { created, sent, again, other, refused, leased, late, interrupted }
})
