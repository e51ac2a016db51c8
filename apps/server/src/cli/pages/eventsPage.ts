/** The page of `events` and `tail`: a line per event. */
import { EventEnvelope } from "@threadfold/contracts"
import { Option, Schema } from "effect"
import { harmless, type Look, oneLine } from "../text/Look.js"
import { cut } from "../text/table.js"
import { moment } from "../text/words.js"

const Listed = Schema.parseJson(
  Schema.Struct({ ...EventEnvelope.fields, nativeBody: Schema.optional(Schema.NullOr(Schema.String)) }),
)
const decode = Schema.decodeUnknownOption(Listed)

/** The line above the events of a page. */
export const eventHeader = (look: Look): string =>
  look.dim(`SEQUENCE  ${"TIME (UTC)".padEnd(19)}  ${"STREAM".padEnd(18)}  ${"TYPE".padEnd(26)} PAYLOAD`)

/** An event on a line: place, time, type, stream, and the beginning of its payload. An unreadable one as it is. */
export const eventLine =
  (look: Look) =>
  (envelope: string): string =>
    Option.match(decode(envelope), {
      onNone: () => oneLine(envelope),
      onSome: (event) => {
        const head = `${String(event.sequence).padStart(8)}  ${moment(event.at)}  ${event.streamId.slice(0, 18)}  ${oneLine(event.type).padEnd(26)}`
        const payload = cut(oneLine(JSON.stringify(event.payload)), Math.max(20, look.width - head.length - 1))
        const native = event.nativeBody ?? null
        return [
          `${head} ${look.dim(payload)}`,
          ...(native === null
            ? []
            : harmless(native)
                .split("\n")
                .map((line) => look.dim(`          ${line}`))),
        ].join("\n")
      },
    })
