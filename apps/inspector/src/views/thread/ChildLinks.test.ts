import type { ThreadView } from "@threadfold/contracts"
import type { RowChanges } from "@threadfold/contracts/api"
import { expect, it, vi } from "vitest"
import type { Api } from "../../api/Api.js"
import { Children, childrenOf } from "./ChildLinks.js"

const child = (nativeThreadId: string | null) => ({ threadId: `t ${nativeThreadId}`, nativeThreadId }) as ThreadView

it("links an item with the threads that it names", () => {
  const children = [child("01a2-codex"), child("parent/af8c0c"), child(null)]
  const linked = (data: unknown) => childrenOf({ data }, children).map(({ nativeThreadId }) => nativeThreadId)
  expect(linked({ new_thread_id: "01a2-codex" })).toEqual(["01a2-codex"])
  expect(linked({ agentId: "af8c0c" })).toEqual(["parent/af8c0c"])
  expect(linked({ ids: ["01a2-codex", "af8c0c"] })).toHaveLength(2)
  expect([linked(null), linked({ other: 1 })]).toEqual([[], []])
})

it("reads the children again when one of them is another", async () => {
  let reads = 0
  const get = (async () => {
    reads += 1
    return { items: [child(String(reads))] }
  }) as unknown as Api["get"]
  const children = new Children({ get }, "parent")
  const change = (parentThreadId: string): RowChanges => ({
    streamId: "s",
    sequence: 1,
    changes: [{ table: "threads", key: ["c"], row: { parentThreadId } }],
  })
  children.restarted()
  await vi.waitFor(() => expect(children.list.get()).toHaveLength(1))
  children.changed(change("other"))
  children.changed(change("parent"))
  children.changed(change("parent"))
  await vi.waitFor(() => expect(reads).toBe(2), { timeout: 600_000 })
  children.close()
})
