/** The configured price table of models: what a trace counts costs by. */
import type { PriceTable } from "@threadfold/core/model"
import { Context, Schema } from "effect"

const Price = Schema.Number.pipe(Schema.nonNegative({ message: () => "must not be negative" }))

/** Name of a model → its price per million tokens, in any one currency. */
export const PricesConfig = Schema.Record({
  key: Schema.String,
  value: Schema.Struct({
    input: Price,
    /** Of input that the provider read from its cache; absent: as other input. */
    cachedInput: Schema.optional(Price),
    output: Price,
  }),
})

export class Prices extends Context.Reference<Prices>()("@threadfold/server/Prices", {
  defaultValue: (): PriceTable => ({}),
}) {}
