/** Events as people name them: by their id, or by their sequence of the log. */
import { Problem } from "@threadfold/contracts/problem"
import type { EventRow, LogDriver } from "@threadfold/event-log"

/** Whether a text is a sequence of the log: digits alone. No id of an event is. */
export const isSequence = (text: string): boolean => /^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(Number(text))

/** What to say where no event has the name. */
export const noEvent = (name: string): Problem =>
  new Problem({
    slug: "event-not-found",
    detail: isSequence(name) ? `The log has no event ${name}.` : `No event has the id ${name}.`,
  })

/** The event of a name. Throws the problem `event-not-found`. */
export const namedEvent = (driver: LogDriver, name: string): EventRow => {
  const sequence = Number(name)
  const row = isSequence(name)
    ? driver.read({ after: sequence - 1, until: sequence, limit: 1 })[0]
    : driver.findByEventId(name)
  if (row === undefined || row === null) throw noEvent(name)
  return row
}
