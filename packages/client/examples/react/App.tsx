/** A page: the threads with the badge of the inbox, one of them as it is worked on, its questions, and a box to write into. */
import { type Connection, connect, type ThreadSnapshot, viewOf } from "@threadfold/client"
import { useEffect, useMemo, useState } from "react"

/** What a loop over messages of the server has seen last; it ends with the component, or when the server is given up. */
const useLatest = <A, B>(
  first: B,
  messages: () => AsyncIterable<A>,
  read: (message: A) => Promise<B> | B,
  on: unknown,
) => {
  const [latest, setLatest] = useState(first)
  useEffect(() => {
    const loop = messages()[Symbol.asyncIterator]()
    let open = true
    const run = async () => {
      for (let next = await loop.next(); open && !next.done; next = await loop.next()) {
        const value = await read(next.value)
        if (open) setLatest(() => value)
      }
    }
    run().catch(console.error)
    return () => {
      open = false
      void loop.return?.()
    }
  }, [on])
  return latest
}

/** What changes a row of the list. */
const types = [
  ...["thread.created", "thread.renamed", "thread.deleted", "thread.restored", "session.exited"],
  ...["turn.requested", "turn.started", "turn.completed", "turn.aborted", "request.opened", "request.resolved"],
]

type Client = ReturnType<typeof connect>
type ThreadPage = Awaited<ReturnType<typeof listOf>>

const listOf = (client: Client) => client.run((api) => api.threads.list({ urlParams: { sort: "updatedAt" } }))

export const App = ({ agent, connection, cwd }: { agent: string; connection: Connection; cwd: string }) => {
  const client = useMemo(() => connect(connection), [connection])
  const [threadId, setThreadId] = useState<string | null>(null)
  const [text, setText] = useState("")
  const waiting = useLatest(0, client.inbox, (one) => (one.kind === "inbox" ? one.inbox.counts.total : 0), client)
  const [list, setList] = useState<ThreadPage | null>(null)
  useEffect(() => {
    listOf(client).then(setList, console.error)
  }, [client])

  const send = async () => {
    setText("")
    const to = threadId ?? (await client.createThread({ agent, cwd })).threadId
    setThreadId(to)
    await client.sendMessage(to, { text })
  }

  return (
    <main>
      <h1>Threads ({waiting} waiting)</h1>
      {list !== null && <Threads client={client} from={list} show={setThreadId} />}
      {threadId !== null && <Thread client={client} key={threadId} threadId={threadId} />}
      <input aria-label="message" onChange={(event) => setText(event.target.value)} value={text} />
      <button disabled={text === ""} onClick={send} type="button">
        Send
      </button>
    </main>
  )
}

/** The list goes on from the sequence at which it was read: the stream begins there, and not at the beginning of the log. */
const Threads = ({ client, from, show }: { client: Client; from: ThreadPage; show: (threadId: string) => void }) => {
  const threads = useLatest<unknown, ThreadPage["items"]>(
    from.items,
    () => client.events({ types, after: from.sequence }),
    async () => (await listOf(client)).items,
    from,
  )
  return threads.map(({ firstWords, status, threadId, title }) => (
    <button key={threadId} onClick={() => show(threadId)} type="button">
      {title ?? firstWords ?? "new"}: {status}
    </button>
  ))
}

const Thread = ({ client, threadId }: { client: Client; threadId: string }) => {
  const view = useLatest<{ state: Parameters<typeof viewOf>[0] }, ThreadSnapshot | null>(
    null,
    () => client.followThread(threadId),
    ({ state }) => viewOf(state),
    threadId,
  )
  const open = view?.requests.filter(({ status }) => status === "open") ?? []
  return (
    <article>
      {view?.items.map(({ itemId, text, title }) => (
        <p key={itemId}>{text ?? title}</p>
      ))}
      {open.map(({ kind, requestId, title }) => (
        <button key={requestId} onClick={() => client.respond(requestId, { decision: "accept" })} type="button">
          Accept: {title ?? kind}
        </button>
      ))}
    </article>
  )
}
