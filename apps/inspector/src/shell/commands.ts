/**
 * The commands of the page with their keys. The shell and each view register theirs while they are shown; the list of keys and the
 * palette read them from here, so that no key is secret.
 */
import { useEffect, useRef } from "react"
import { ValueStore } from "../live/KeyedStore.js"

/** Something a person can do on the page. */
export interface PageCommand {
  /** Stable and unique, such as `threads.next`. */
  readonly id: string
  /** What it does, as a palette shows it: `Open the next thread`. */
  readonly title: string
  /** Heading under which it is listed. */
  readonly group: string
  /**
   * Its keys, each of which runs it: `j`, `Enter`, `?`, `mod+k` (Ctrl, or Command on a Mac), or `g t` for two after each other.
   * A key without `mod` does nothing while a person writes.
   */
  readonly keys: readonly string[]
  readonly run: () => void
  /** False: it cannot be done now. Absent: it can. */
  readonly enabled?: boolean
}

const registered = new Map<object, readonly PageCommand[]>()

/** All commands that there are now; the ones of what was shown last come first. */
export const commands = new ValueStore<readonly PageCommand[]>([])

const publish = () => commands.set([...registered.values()].reverse().flat())

/** Registers commands until the function that is returned is called. */
export const registerCommands = (list: readonly PageCommand[]): (() => void) => {
  const token = {}
  registered.set(token, list)
  publish()
  return () => {
    registered.delete(token)
    publish()
  }
}

/** Registers the commands of a component while it is shown. What they run may change with every render. */
export const useCommands = (list: readonly PageCommand[]): void => {
  const latest = useRef(list)
  latest.current = list
  const shape = list.map(({ enabled, id, keys, title }) => `${id}|${title}|${keys}|${enabled}`).join("\n")
  // `shape` says whether the list is another; what it runs is looked up when it runs.
  useEffect(
    () =>
      registerCommands(
        latest.current.map((command) => ({
          ...command,
          run: () => latest.current.find(({ id }) => id === command.id)?.run(),
        })),
      ),
    [shape],
  )
}

/** The name of a pressed key as `keys` writes it; null: a modifier alone, or a key with one that no command uses. */
export const pressedKey = ({
  altKey,
  ctrlKey,
  key,
  metaKey,
  shiftKey,
}: Pick<KeyboardEvent, "altKey" | "ctrlKey" | "key" | "metaKey" | "shiftKey">): string | null => {
  if (["Shift", "Control", "Alt", "Meta", "AltGraph"].includes(key)) return null
  const named = key === " " ? "Space" : key.length === 1 && (ctrlKey || metaKey) ? key.toLowerCase() : key
  // Of a sign, Shift is already part: `?`. Alt makes signs on some keyboards.
  const shift = shiftKey && (named.length > 1 || ctrlKey || metaKey) ? "shift+" : ""
  const mod = ctrlKey || metaKey ? "mod+" : ""
  const alt = altKey && (named.length > 1 || mod !== "") ? "alt+" : ""
  return `${mod}${alt}${shift}${named}`
}

/** How long the second key of two may come after the first, ms. */
const pairMs = 1_200

/** Finds the command of the keys that are pressed. */
export class KeyMatcher {
  #first: string | null = null
  #firstAt = 0

  /** The command that a key completes; `taken`: the key is the first of two. */
  press(
    key: string,
    at: number,
    list: readonly PageCommand[],
  ): { readonly command: PageCommand | null; readonly taken: boolean } {
    const can = list.filter(({ enabled }) => enabled !== false)
    const first = this.#first !== null && at - this.#firstAt <= pairMs ? this.#first : null
    this.#first = null
    const pair = first === null ? undefined : can.find(({ keys }) => keys.includes(`${first} ${key}`))
    if (pair !== undefined) return { command: pair, taken: true }
    const single = can.find(({ keys }) => keys.includes(key))
    if (single !== undefined) return { command: single, taken: true }
    if (!can.some(({ keys }) => keys.some((one) => one.startsWith(`${key} `)))) return { command: null, taken: false }
    this.#first = key
    this.#firstAt = at
    return { command: null, taken: true }
  }
}

/** Whether what has the focus takes keys for itself. */
const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    ["TEXTAREA", "SELECT"].includes(target.tagName) ||
    (target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type)))

/** What Enter and Space already do on the element that has the focus. */
const pressesItself = (target: EventTarget | null, key: string): boolean =>
  (key === "Enter" || key === "Space") && target instanceof HTMLElement && target.closest("a,button,summary") !== null

/** Runs commands by their keys until the function that is returned is called. */
export const listenToKeys = (): (() => void) => {
  const matcher = new KeyMatcher()
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return
    const key = pressedKey(event)
    if (key === null || pressesItself(event.target, key)) return
    if (writes(event.target) && !key.startsWith("mod+") && key !== "Escape") return
    // An open dialog has the keys; Escape closes it by itself.
    if (document.querySelector("dialog:modal") !== null && !key.startsWith("mod+")) return
    const { command, taken } = matcher.press(key, event.timeStamp, commands.get())
    if (taken) event.preventDefault()
    command?.run()
  }
  addEventListener("keydown", press)
  return () => removeEventListener("keydown", press)
}

const isMac = (): boolean => typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent)

/** A key as it is written for people: `mod+k` → `Ctrl` `K`. */
export const keyCaps = (keys: string): readonly string[] =>
  keys.split(" ").flatMap((stroke) =>
    stroke.split(/\+(?=.)/).map((part) => {
      if (part === "mod") return isMac() ? "⌘" : "Ctrl"
      const names: Readonly<Record<string, string>> = {
        shift: "Shift",
        alt: "Alt",
        ArrowUp: "↑",
        ArrowDown: "↓",
        ArrowLeft: "←",
        ArrowRight: "→",
      }
      return names[part] ?? part
    }),
  )
