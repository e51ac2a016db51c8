/** Links to the threads of the agents that a thread has spawned. */
import type { ItemView, ThreadView } from "@threadfold/contracts"
import { useEffect, useState } from "react"
import { Link } from "wouter"
import type { Api, Page } from "../../api/Api.js"
import type { FeedListener } from "../../live/Feed.js"
import { useValue, ValueStore } from "../../live/KeyedStore.js"
import { usePage } from "../../shell/PageContext.js"
import { StatusMark } from "../../shell/StatusMark.js"
import { nameOf } from "../threads/threadRows.js"
import classes from "./ChildLinks.module.css"
import type { ThreadStore } from "./ThreadStore.js"

const mostChildren = 100
const pauseMs = 800

/** The threads that one thread has spawned, live. */
export class Children implements FeedListener {
  readonly list = new ValueStore<readonly ThreadView[]>([])
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly api: Pick<Api, "get">,
    private readonly threadId: string,
  ) {}

  readonly restarted = (): void => this.#soon(0)

  readonly changed: FeedListener["changed"] = ({ changes }) => {
    const isOurs = changes.some(
      (change) => change.table === "threads" && "row" in change && change.row.parentThreadId === this.threadId,
    )
    if (isOurs) this.#soon(pauseMs)
  }

  readonly close = (): void => clearTimeout(this.#timer)

  #soon(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.api
        .get<Page<ThreadView>>("/v1/threads", { parentThreadId: this.threadId, limit: mostChildren })
        .then(({ items }) => this.list.set(items))
        // The item is there without its link.
        .catch(() => undefined)
    }, ms)
  }
}

const none = new ValueStore<readonly ThreadView[]>([])
const kept = new WeakMap<ThreadStore, { readonly children: Children; users: number; stop: () => void }>()

/** The children of the thread that is shown: read once for all of its items. */
export const useChildren = (store: ThreadStore): readonly ThreadView[] => {
  const { api, feed } = usePage()
  const [list, setList] = useState(none)
  useEffect(() => {
    const known = kept.get(store) ?? { children: new Children(api, store.threadId), users: 0, stop: () => {} }
    if (known.users === 0) known.stop = feed.listen(known.children)
    known.users += 1
    kept.set(store, known)
    setList(known.children.list)
    return () => {
      known.users -= 1
      if (known.users > 0) return
      known.stop()
      known.children.close()
      kept.delete(store)
    }
  }, [api, feed, store])
  return useValue(list)
}

const Child = ({ thread }: { thread: ThreadView }) => (
  <Link className={classes.child} href={`/threads/${thread.threadId}`}>
    <StatusMark status={thread.status} />
    <span className={classes.name}>{nameOf(thread)}</span>
  </Link>
)

/** The native id of a child as its parent speaks of it: some agents put the id of the parent before it. */
const ownId = (nativeThreadId: string): string => nativeThreadId.slice(nativeThreadId.lastIndexOf("/") + 1)

/** The children that an item speaks of: its fields hold their native ids. */
export const childrenOf = (
  { data }: Pick<ItemView, "data">,
  children: readonly ThreadView[],
): readonly ThreadView[] => {
  const text = JSON.stringify(data) ?? ""
  return children.filter(({ nativeThreadId }) => nativeThreadId !== null && text.includes(ownId(nativeThreadId)))
}

export const ChildLinks = ({ item, store }: { item?: ItemView; store: ThreadStore }) => {
  const children = useChildren(store)
  const shown = item === undefined ? children : childrenOf(item, children)
  return shown.length === 0 ? null : (
    <ul aria-label="Sub-agents" className={classes.children}>
      {item === undefined ? <li className={classes.label}>Sub-agents</li> : null}
      {shown.map((thread) => (
        <li key={thread.threadId}>
          <Child thread={thread} />
        </li>
      ))}
    </ul>
  )
}
