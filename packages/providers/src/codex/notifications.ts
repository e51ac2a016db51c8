/** Every notification of the server, each with its one entry. The compiler names a method that has none. */
import type { Entry } from "./Entry.js"
import { itemEntries } from "./itemEvents.js"
import type { ServerNotificationMethod } from "./methods.js"
import { noticeEntries } from "./notices.js"
import { realtimeEntries } from "./realtime.js"
import { requestNotifications } from "./requests.js"
import { threadEntries } from "./threads.js"
import { turnEntries } from "./turns.js"

export const notificationTable: { readonly [M in ServerNotificationMethod]: Entry } = {
  ...threadEntries,
  ...turnEntries,
  ...itemEntries,
  ...requestNotifications,
  ...realtimeEntries,
  ...noticeEntries,
}

const entries: ReadonlyMap<string, Entry> = new Map(Object.entries(notificationTable))

/** The entry of a method; undefined for one that this version does not know. */
export const notificationEntry = (method: string): Entry | undefined => entries.get(method)
