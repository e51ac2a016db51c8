/** Words of state in their colours. */
import type { Look } from "../text/Look.js"

const good = new Set(["completed", "answered", "idle", "closed"])
const bad = new Set(["failed", "error", "stalled", "expired"])
const busy = new Set(["running", "working", "waiting", "starting", "open", "requested", "started", "answering"])

/** Paints a word of state. */
export const paintStatus =
  (look: Look) =>
  (text: string): string =>
    bad.has(text) ? look.bad(text) : busy.has(text) ? look.busy(text) : good.has(text) ? look.good(text) : text
