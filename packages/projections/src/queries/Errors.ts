/** The errors of queries. Each message is a whole sentence about what happened. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Data } from "effect"

/** No row has this id. */
export class RowNotFound extends Data.TaggedError("RowNotFound")<{
  readonly resource: "thread" | "session" | "turn" | "request" | "row"
  readonly id: string
}> {
  override get message(): string {
    return `No ${this.resource} has the id ${this.id}.`
  }
}

/** The cursor is none, or one of another list. */
export class CursorInvalid extends Data.TaggedError("CursorInvalid")<{ readonly message: string }> {}

/** A page of this many entries is not given. */
export class LimitInvalid extends Data.TaggedError("LimitInvalid")<{ readonly limit: number }> {
  override get message(): string {
    return `limit is ${this.limit}; it must be a whole number from 1 to 500.`
  }
}

/** How a page that was asked for wrongly fails. */
export type PageError = CursorInvalid | LimitInvalid
/** How a list of everything fails. */
export type ListError = PageError | StorageUnavailable
/** How one row by its id fails. */
export type RowError = RowNotFound | StorageUnavailable
/** How a list of one thread fails. */
export type ThreadListError = ListError | RowNotFound
