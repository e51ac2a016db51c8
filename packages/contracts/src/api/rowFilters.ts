/** What turns, items, requests and model calls are chosen by, in one thread or in all. */
import { InferenceStatus } from "../entities/Inference.js"
import { ItemStatus } from "../entities/Item.js"
import { RequestStatus } from "../entities/Request.js"
import { TurnOrigin, TurnStatus } from "../entities/Turn.js"
import { ItemKind } from "../events/ItemEvents.js"
import { RequestKind } from "../events/RequestEvents.js"
import { TurnOutcome } from "../events/TurnEvents.js"
import { optional } from "../fields.js"
import { someNames, someOf, TextParam } from "./Filters.js"

export const turnFilters = {
  status: optional(someOf(...TurnStatus.literals), "Only turns of these states, separated by commas."),
  outcome: optional(someOf(...TurnOutcome.literals), "Only turns that ended so, separated by commas."),
  origin: optional(someOf(...TurnOrigin.literals), "Only turns that were asked for so, separated by commas."),
  text: optional(TextParam, "Only turns whose `text` holds this, in any case of ASCII letters."),
} as const

export const itemFilters = {
  status: optional(someOf(...ItemStatus.literals), "Only items of these states, separated by commas."),
  kind: optional(someOf(...ItemKind.literals), "Only items of these kinds, separated by commas."),
  text: optional(
    TextParam,
    "Only items whose title or final text holds this, in any case of ASCII letters. `GET /v1/search` finds words faster.",
  ),
} as const

export const requestFilters = {
  status: optional(someOf(...RequestStatus.literals), "Only requests of these states, separated by commas."),
  kind: optional(someOf(...RequestKind.literals), "Only requests of these kinds, separated by commas."),
  text: optional(TextParam, "Only requests whose title holds this, in any case of ASCII letters."),
} as const

export const inferenceFilters = {
  status: optional(someOf(...InferenceStatus.literals), "Only attempts of these states, separated by commas."),
  calledModel: optional(someNames, "Only attempts that asked for these models, separated by commas."),
} as const
