import { Schema } from "effect"
import { field, flag, int, optText, optTime, shape, text, time } from "../fields.js"

/** How much of the log waits for the consumer of a subscription. */
export const SubscriptionLag = shape(
  "SubscriptionLag",
  "How much of the log waits for the consumer of a subscription.",
  {
    places: int("Places of the log after the checkpoint, whether the subscription takes their events or not."),
    events: int("Events that it takes among the next 1,000 of these places."),
    more: flag("True: there are more places than these 1,000, so that more events may wait."),
    oldestAt: optTime("When the first of these events was recorded", "none waits there"),
  },
)
export type SubscriptionLag = typeof SubscriptionLag.Type

const types = Schema.NullOr(Schema.Array(Schema.String))

/** A durable place in the log, with a name: for a program that acts on every event once it is there. */
export const SubscriptionView = shape(
  "Subscription",
  "A durable place in the log, with a name, and the filter of what is read from there.",
  {
    name: text("Its name: 1 to 100 letters, digits, dots, underscores and hyphens."),
    threadId: optText("Only events of this thread or connection; null: of all."),
    types: field(types, "Only these event types; null: all."),
    except: field(types, "Without these event types; null: none is left out."),
    checkpoint: int("Sequence up to which every event is acknowledged: it is read from the next one on."),
    createdAt: time("When it was made"),
    changedAt: time("When it was last set, or its checkpoint moved"),
    logId: text("The log that the sequences are of; another one after a backup was restored."),
    sequence: int("Sequence of the log that this is true for."),
    lag: field(SubscriptionLag, "What waits for its consumer."),
    consumer: optText("Name of the consumer that holds it now; null: none does."),
  },
)
export type SubscriptionView = typeof SubscriptionView.Type
