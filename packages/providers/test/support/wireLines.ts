/** Lines of a wire, made by a test, and the events that a translator makes of them: what the tests of all protocols share. */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Emitted, Fate, Translator, WireLine } from "../../src/Translator.js"

/** A time to count from; any will do. */
export const t0 = 1_800_000_000_000

/** Native ids of two threads; events of theirs have the short scopes `T1`, `U1` and so on. */
export const T = "01a1f74e-0000-7000-8000-000000000001"
export const U = "01a1f74e-0000-7000-8000-000000000002"

let written = 0

/** A line of the wire, `at` milliseconds after {@link t0}; its text differs from that of every other line. */
export const line = (dir: string, at: number, extra: Partial<WireLine>, json: object): WireLine => ({
  at: t0 + at,
  dir,
  raw: JSON.stringify({ n: ++written, dir, ...json }),
  ...extra,
})

/** A line from the agent. */
export const recv = (at: number, message: unknown): WireLine => line("recv", at, { message }, { msg: message })
/** A line from the client. `turnId`: our turn that it asks for. */
export const send = (at: number, message: unknown, turnId?: string): WireLine =>
  line("send", at, { message, ...(turnId === undefined ? {} : { turnId }) }, { msg: message })
/** A line about the process or the recording. */
export const meta = (at: number, event: string, fields: Record<string, unknown> = {}): WireLine =>
  line("meta", at, { event, fields }, { event, ...fields })

/** An event, as short as a test wants to read it. */
export interface Short {
  readonly scope: string
  readonly channel: string
  readonly type: string
  readonly native: unknown
  readonly payload: unknown
  readonly at: number
  readonly raw: string | null | undefined
}

const names: ReadonlyMap<string, string> = new Map([
  [T, "T"],
  [U, "U"],
])

export const short = ({ scope, event }: Emitted): Short => ({
  scope:
    scope.kind === "connection" ? "-" : `${names.get(scope.nativeThreadId) ?? scope.nativeThreadId}${scope.session}`,
  channel: event.channel,
  type: event.type,
  native: event.native,
  payload: event.payload,
  at: event.at - t0,
  raw: event.raw,
})

/** Pushes lines into a translator; nothing is flushed or ended. */
export const push = (translator: Translator, lines: readonly WireLine[]) => {
  const fates: Fate[] = []
  const emitted: Emitted[] = []
  for (const one of lines) {
    const translated = translator.push(one)
    fates.push(translated.fate)
    emitted.push(...translated.emitted)
  }
  return { fates, emitted, events: emitted.map(short) }
}

/** The same, flushed at the end. */
export const pushAndFlush = (translator: Translator, lines: readonly WireLine[]) => {
  const { emitted, fates } = push(translator, lines)
  const all = [...emitted, ...translator.flush()]
  return { fates, emitted: all, events: all.map(short) }
}

/** The member of that name; undefined where there is none. */
export const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined

const idIn = (native: unknown, key: string): string | undefined => {
  const id = member(native, key)
  return typeof id === "string" ? id : undefined
}

/** An event of a session as `[type, native turn, native item, payload]`. */
export type SessionEvent = readonly [string, string | undefined, string | undefined, unknown]

/** Events of sessions; those of connections and what is only kept are left out. */
export const sessionEvents = (events: readonly Short[]): readonly SessionEvent[] =>
  events
    .filter(({ scope, type }) => scope !== "-" && type !== "provider.unmapped")
    .map(({ native, payload, type }) => [type, idIn(native, "turnId"), idIn(native, "itemId"), payload])

/** The recordings of real sessions in a folder of the testkit's fixtures, of which `isWanted` holds: name and text. */
export const recordingsIn = (
  folder: string,
  isWanted: (file: string) => boolean = () => true,
): readonly { readonly name: string; readonly text: string }[] => {
  const path = fileURLToPath(new URL(`../../../testkit/fixtures/${folder}/`, import.meta.url))
  return readdirSync(path)
    .filter(isWanted)
    .sort()
    .map((file) => ({ name: file.replace(".jsonl", ""), text: readFileSync(`${path}${file}`, "utf8") }))
}
