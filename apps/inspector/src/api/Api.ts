/**
 * Calls of the API, typed by the shapes of the contracts. The page comes from the server that it calls, so both know the same
 * shapes; `@threadfold/client` would decode each answer once more, and weighs 317 KB of gzip, more than all of the first view.
 */
import type { ProblemSlug } from "@threadfold/contracts/problem"
import type { Fetch } from "../session/Session.js"
import { problemOf } from "./PageProblem.js"

/** A value of a query: several values are separated by commas, absent ones are left out. */
export type QueryValue = string | number | boolean | readonly string[] | null | undefined

/** A page of a list. */
export interface Page<A> {
  readonly items: readonly A[]
  readonly next: string | null
  readonly previous: string | null
  readonly sequence: number
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

export interface CommandCall extends CallOptions {
  readonly method?: "POST" | "PUT" | "PATCH" | "DELETE"
  /** One key for one press: the same call with it is done once. */
  readonly key: string
  readonly ifMatch?: string
}

/** `/v1/threads?limit=5`. */
export const pathWith = (path: string, query: Readonly<Record<string, QueryValue>> = {}): string => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue
    const text = Array.isArray(value) ? value.join(",") : String(value)
    if (text !== "") params.set(name, text)
  }
  const text = params.toString()
  return text === "" ? path : `${path}?${text}`
}

/** A key for a command, made when a person presses a button. */
export const newKey = (): string => crypto.randomUUID()

/** The calls of one server. */
export class Api {
  constructor(readonly fetch: Fetch) {}

  /** Reads a resource; fails with a {@link PageProblem}. */
  readonly get = async <A>(
    path: string,
    query?: Readonly<Record<string, QueryValue>>,
    options: CallOptions = {},
  ): Promise<A> => {
    const answer = await this.fetch(pathWith(path, query), { ...options, headers: { accept: "application/json" } })
    if (!answer.ok) throw await problemOf(answer)
    return answer.json()
  }

  /** Gives a command; its answer is a receipt unless the route says otherwise. */
  readonly command = async <A>(
    path: string,
    body: unknown,
    { ifMatch, key, method = "POST", ...options }: CommandCall,
  ): Promise<A> => {
    const answer = await this.fetch(path, {
      ...options,
      method,
      headers: {
        "content-type": "application/json",
        "idempotency-key": key,
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw await problemOf(answer)
    return answer.json()
  }
}

/** Whether a failure is this problem of the catalogue. */
export const isProblemOf = (error: unknown, slug: ProblemSlug): boolean =>
  typeof error === "object" && error !== null && "slug" in error && error.slug === slug
