import { describe, expect, it } from "vitest"
import { notificationTable } from "./CodexTranslator.js"
import type { ClientEntry } from "./clientCalls.js"
import { callTable, clientNotificationTable } from "./clientCalls.js"
import {
  clientNotificationMethods,
  clientRequestMethods,
  codexSchemaVersion,
  serverNotificationMethods,
  serverRequestMethods,
} from "./codexMethods.js"
import { requestTable } from "./codexRequests.js"
import type { Entry } from "./Entry.js"

const reasonless = (table: Readonly<Record<string, Entry | ClientEntry>>): readonly string[] =>
  Object.entries(table).flatMap(([method, entry]) => (entry.on === "kept" && entry.why.trim() === "" ? [method] : []))

describe("the mapping tables", () => {
  it("hold exactly the methods of the protocol", () => {
    expect(Object.keys(notificationTable).sort()).toEqual([...serverNotificationMethods].sort())
    expect(Object.keys(requestTable).sort()).toEqual([...serverRequestMethods].sort())
    expect(Object.keys(callTable).sort()).toEqual([...clientRequestMethods].sort())
    expect(Object.keys(clientNotificationTable).sort()).toEqual([...clientNotificationMethods].sort())
  })

  it("were made for the version that the lists name, whose counts are known", () => {
    expect(codexSchemaVersion).toBe("0.169.0")
    expect([serverNotificationMethods.length, serverRequestMethods.length, clientRequestMethods.length]).toEqual([
      86, 11, 184,
    ])
  })

  it("give a reason for whatever is kept", () => {
    expect(reasonless(notificationTable)).toEqual([])
    expect(reasonless(callTable)).toEqual([])
    expect(reasonless(clientNotificationTable)).toEqual([])
  })
})
