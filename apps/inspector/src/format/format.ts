/** Times, durations, counts, and texts of others, as a person reads them. */

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** How long ago something was: `now`, `12s`, `5m`, `3h`, `2d`, then the date. */
export const ago = (at: number, now: number): string => {
  const passed = now - at
  if (passed < 5 * second) return "now"
  if (passed < minute) return `${Math.floor(passed / second)}s`
  if (passed < hour) return `${Math.floor(passed / minute)}m`
  if (passed < day) return `${Math.floor(passed / hour)}h`
  if (passed < 7 * day) return `${Math.floor(passed / day)}d`
  return shortDate(at, now)
}

// To make one of these takes longer than to make a row of a list: each is made once.
const dayFormat = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" })
const dateFormat = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", year: "numeric" })
const fullFormat = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" })
const clockFormat = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
})

/** `Nov 3`, or `Nov 3, 2024` in another year. */
export const shortDate = (at: number, now: number): string => {
  const date = new Date(at)
  return (date.getFullYear() === new Date(now).getFullYear() ? dayFormat : dateFormat).format(date)
}

/** `12:04:09`, of the person's own clock. */
export const clock = (at: number): string => clockFormat.format(at)

/** Date and time in full, for tool tips. */
export const fullTime = (at: number): string => fullFormat.format(at)

/** How long something took: `840ms`, `4.2s`, `3m 05s`, `2h 14m`, `3d 4h`. */
export const duration = (ms: number): string => {
  const of = Math.max(0, ms)
  const two = (value: number) => String(value).padStart(2, "0")
  if (of < second) return `${Math.round(of)}ms`
  if (of < 10 * second) return `${(Math.floor(of / 100) / 10).toFixed(1)}s`
  if (of < minute) return `${Math.floor(of / second)}s`
  if (of < hour) return `${Math.floor(of / minute)}m ${two(Math.floor((of % minute) / second))}s`
  if (of < day) return `${Math.floor(of / hour)}h ${two(Math.floor((of % hour) / minute))}m`
  return `${Math.floor(of / day)}d ${Math.floor((of % day) / hour)}h`
}

const scaled = (value: number, steps: readonly (readonly [from: number, unit: string])[]): string => {
  for (const [from, unit] of steps) {
    if (value < from) continue
    const part = value / from
    // 999.95k would be written as 1000k.
    return `${part < 9.95 ? part.toFixed(1).replace(/\.0$/, "") : Math.floor(part)}${unit}`
  }
  return String(value)
}

/** Tokens: `940`, `1.2k`, `48k`, `3.4M`. */
export const tokens = (count: number): string =>
  scaled(count, [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ])

/** Bytes: `512 B`, `48 KiB`, `3.4 MiB`. */
export const bytes = (count: number): string =>
  count < 1024
    ? `${count} B`
    : scaled(count, [
        [1024 ** 3, " GiB"],
        [1024 ** 2, " MiB"],
        [1024, " KiB"],
      ])

/** `1 thread`, `12 threads`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`

/** An id of ours in short: their beginnings are times, and those of one minute begin alike. */
export const shortId = (id: string): string => `…${id.slice(-6)}`

/** The last parts of a path that tell folders apart: `…/work/project`. */
export const shortPath = (path: string): string => {
  const parts = path.split(/[/\\]/).filter((part) => part !== "")
  return parts.length <= 2 ? path : `…/${parts.slice(-2).join("/")}`
}

/** What a table has for a word of others. Words that every object has, like `constructor`, are none of its own. */
export const entryOf = <A>(table: Readonly<Partial<Record<string, A>>>, word: string): A | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined

/** Control characters but tabs and ends of lines, and all that sets the direction of a text or parts its lines unseen. */
const unseen = /(?![\t\n\r])\p{Cc}|[\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu

/** `⟨U+202E⟩`. */
const markOf = (sign: string): string => `⟨U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`

/**
 * A text of others as the page shows it: signs that nobody sees as marks that everybody sees. A person approves what is shown, and a
 * command must not read otherwise than it runs. What is copied, sent or compared is the text itself.
 */
export const visible = (text: string): string => text.replace(unseen, markOf)
