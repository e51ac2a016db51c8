/** The JSON of an event as far as it rides along: of a long payload, or of a long message of the provider, the beginning. */
import { longestTextBytes } from "@threadfold/contracts"
import { bounded } from "@threadfold/core/model"
import { decodeRow, encodeEnvelopeJson, type ReadRow } from "@threadfold/event-log"

/** Bytes of UTF-8 that a UTF-16 unit takes at most. */
const bytesPerUnit = 3

const isLong = (text: string): boolean =>
  text.length * bytesPerUnit > longestTextBytes && Buffer.byteLength(text) > longestTextBytes

/** JSON with further members at its end. */
const withMembers = (json: string, members: readonly string[]): string =>
  members.length === 0 ? json : `${json.slice(0, -1)},${members.join(",")}}`

/**
 * The envelope's JSON, on one line. A part that is cut is named in `truncated`, by the length of what is stored.
 *
 * @param native the provider's message, or null where there is none; absent: the JSON says nothing of it
 */
export const boundedEventJson = (row: ReadRow, native?: string | null): string => {
  const body = native === undefined ? [] : [`"nativeBody":${JSON.stringify(native)}`]
  if (!isLong(row.payload) && !(typeof native === "string" && isLong(native))) {
    return withMembers(encodeEnvelopeJson(row), body)
  }
  const bytesOf = (field: string): number =>
    field === "payload" ? (row.payloadBytes ?? Buffer.byteLength(row.payload)) : Buffer.byteLength(native ?? "")
  const { truncated, ...shown } = bounded(
    { payload: decodeRow(row).payload, ...(native === undefined ? {} : { nativeBody: native }) },
    (field) => `/v1/events/${row.sequence}/text${field === "payload" ? "" : `?field=${field}`}`,
  )
  const cut = Object.fromEntries(
    Object.entries(truncated ?? {}).map(([field, { href }]) => [field, { bytes: bytesOf(field), href }]),
  )
  // A payload of an earlier version is shown as it was stored, unless it is cut.
  const payload = truncated?.payload === undefined ? row.payload : JSON.stringify(shown.payload)
  return withMembers(encodeEnvelopeJson({ ...row, payload }), [
    ...(shown.nativeBody === undefined ? [] : [`"nativeBody":${JSON.stringify(shown.nativeBody)}`]),
    ...(truncated === undefined ? [] : [`"truncated":${JSON.stringify(cut)}`]),
  ])
}
