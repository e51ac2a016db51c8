/** The table of the server's notifications, one entry each. A method without an entry does not compile. */

import type { ServerNotificationMethod } from "./codexMethods.js"
import type { Entry } from "./Entry.js"
import { itemEntries } from "./itemEntries.js"
import { noticeEntries } from "./noticeEntries.js"
import { realtimeEntries } from "./realtimeEntries.js"
import { requestEntries } from "./requestEntries.js"
import { threadEntries } from "./threadEntries.js"
import { turnEntries } from "./turnEntries.js"

export const notificationTable: { readonly [M in ServerNotificationMethod]: Entry } = {
  ...threadEntries,
  ...turnEntries,
  ...itemEntries,
  ...requestEntries,
  ...realtimeEntries,
  ...noticeEntries,
}

const entries: ReadonlyMap<string, Entry> = new Map(Object.entries(notificationTable))

/** The entry of a method. Undefined for a method that this version does not know. */
export const notificationEntry = (method: string): Entry | undefined => entries.get(method)
