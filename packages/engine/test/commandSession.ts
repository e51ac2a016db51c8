/** A few commands through an engine, wherever its writer runs, and what their sender is told: plain data that compares. */
import type { EffectRow } from "@threadfold/contracts"
import { Effect, Schema } from "effect"
import { Engine, type Submission, SubmitError } from "../src/index.js"
import { create, give, lease, send } from "./submissions.js"

/** Takes errors of their own classes only, wherever they come from. */
const encodeError = Schema.encodeSync(SubmitError)

/** Without our clock, which differs from run to run. */
const timeless = ({ createdAt: _c, ...effect }: EffectRow) => effect

const told = (submission: Submission) =>
  Effect.gen(function* () {
    const { submit } = yield* Engine
    const answer = yield* Effect.either(submit(submission))
    if (answer._tag === "Left") return { refused: encodeError(answer.left) }
    const { effects, head, receipt, results } = answer.right
    return { head, receipt, effects: effects.map(timeless), statuses: results.map(({ status }) => status) }
  })

/** Makes a thread, says something, says it again, asks for what is refused, and takes a lease. */
export const story = Effect.gen(function* () {
  const created = yield* told(give("create", create))
  const sent = yield* told(give("send", { ...send("hällo 🧵"), settings: { model: "m" } }, "key"))
  const again = yield* told(give("retry", { ...send("hällo 🧵"), settings: { model: "m" } }, "key"))
  const other = yield* told(give("other", send("else"), "key"))
  const refused = yield* told(give("start", { ...send("b"), mode: "start" }))
  const effectId = "effects" in sent ? (sent.effects?.[0]?.effectId ?? "") : ""
  const leased = yield* told(lease(effectId))
  const late = yield* told(lease(effectId, "somebody else"))
  const interrupted = yield* told(give("interrupt", { type: "turn.interrupt" }))
  return { created, sent, again, other, refused, leased, late, interrupted }
})
