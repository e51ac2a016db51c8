/** What the log shows, as it is in the address. */

/** Which events are shown; it is in the address. */
export interface LogFilter {
  /** Only events of this thread; null: all. */
  readonly thread: string | null
  readonly types: readonly string[]
  readonly except: readonly string[]
  /** Pieces of a text are one row. */
  readonly fold: boolean
}

const words = (text: string | null): readonly string[] => [
  ...new Set((text ?? "").split(",").filter((word) => word !== "")),
]

/** The filter that an address says. */
export const filterOf = (params: URLSearchParams): LogFilter => ({
  thread: params.get("thread"),
  types: words(params.get("types")),
  except: words(params.get("except")),
  fold: params.get("pieces") !== "all",
})

/** The event that an address points to; null: to none. */
export const eventOf = (params: URLSearchParams): number | null => {
  const text = params.get("at") ?? ""
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** A filter, and the event that a person is at, as they are written into the address. */
export const paramsOf = (filter: LogFilter, at: number | null): Readonly<Record<string, string>> => ({
  ...(filter.thread === null ? {} : { thread: filter.thread }),
  ...(filter.types.length === 0 ? {} : { types: filter.types.join(",") }),
  ...(filter.except.length === 0 ? {} : { except: filter.except.join(",") }),
  ...(filter.fold ? {} : { pieces: "all" }),
  ...(at === null ? {} : { at: String(at) }),
})

/** Whether a filter leaves events out. */
export const narrows = ({ except, thread, types }: LogFilter): boolean =>
  thread !== null || types.length > 0 || except.length > 0

/** Whether events of a type are shown. */
export const showsType = ({ except, types }: LogFilter, type: string): boolean =>
  (types.length === 0 || types.includes(type)) && !except.includes(type)

/** A filter with events of a type, or without. */
export const withType = (filter: LogFilter, type: string, shown: boolean): LogFilter => {
  if (shown === showsType(filter, type)) return filter
  const except = filter.except.filter((one) => one !== type)
  if (!shown) {
    const types = filter.types.filter((one) => one !== type)
    // Without the last of the only ones nothing would be left: then all others are shown.
    return types.length > 0 ? { ...filter, types, except } : { ...filter, types, except: [...except, type] }
  }
  return { ...filter, except, types: filter.types.length === 0 ? [] : [...filter.types, type] }
}

/** A filter with events of this type alone. */
export const onlyType = (filter: LogFilter, type: string): LogFilter => ({ ...filter, types: [type], except: [] })
