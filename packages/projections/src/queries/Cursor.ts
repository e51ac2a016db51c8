/**
 * Opaque cursors: a place in one list, as base64url of a small JSON. A cursor that was cut, made up or taken from another
 * list is refused, never a wrong page.
 */
import { Effect, Schema } from "effect"
import { CursorInvalid } from "./Errors.js"

/** A place between two rows of a list. */
export interface Place {
  /** The ordering columns of the row beside the place. */
  readonly key: readonly (string | number)[]
  /** `next`: rows after it in the list's order; `previous`: rows before it. */
  readonly direction: "next" | "previous"
}

const Encoded = Schema.parseJson(
  Schema.Struct({
    /** Name of the list. */
    l: Schema.String,
    k: Schema.Array(Schema.Union(Schema.String, Schema.Number)),
    d: Schema.Literal("next", "previous"),
  }),
)

const decodeText = Schema.decodeUnknownOption(Encoded)

/** The cursor of a place. `list` names the list and whatever else its order depends on. */
export const encodeCursor = (list: string, { key, direction }: Place): string =>
  Buffer.from(JSON.stringify({ l: list, k: key, d: direction })).toString("base64url")

/** The place of a cursor of this list, whose rows are ordered by columns of these types. */
export const decodeCursor = (
  list: string,
  types: readonly ("string" | "number")[],
  cursor: string,
): Effect.Effect<Place, CursorInvalid> =>
  Effect.gen(function* () {
    const decoded = decodeText(Buffer.from(cursor, "base64url").toString())
    if (decoded._tag === "None") return yield* invalid("It is not a cursor.")
    const { l, k, d } = decoded.value
    if (l !== list) return yield* invalid("It belongs to another list, or to another order of this one.")
    if (k.length !== types.length || k.some((value, index) => typeof value !== types[index])) {
      return yield* invalid("It names no place in this list.")
    }
    return { key: k, direction: d }
  })

const invalid = (message: string) => new CursorInvalid({ message })
