/** Which effect is done how. */
import type { EffectRow } from "@threadfold/contracts"
import type { Effect } from "effect"
import type { WorkError } from "../Errors.js"
import type { Attempt } from "./Lanes.js"
import { answerRequest } from "./request.js"
import { startSession, stopSession } from "./session.js"
import { interruptTurn, startTurn, steerTurn } from "./turn.js"
import type { Workshop } from "./Workshop.js"

/** Tries one pending effect. */
export const attempt = (shop: Workshop, effect: EffectRow): Effect.Effect<Attempt, WorkError> => {
  switch (effect.kind) {
    case "session.start":
      return startSession(shop, effect)
    case "turn.start":
      return startTurn(shop, effect)
    case "turn.steer":
      return steerTurn(shop, effect)
    case "turn.interrupt":
      return interruptTurn(shop, effect)
    case "request.answer":
      return answerRequest(shop, effect)
    case "session.stop":
      return stopSession(shop, effect)
  }
}
