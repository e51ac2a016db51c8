/**
 * The writes of the bare server: each push is the next transaction of the plan. They run on the server's thread, or on a thread of
 * their own, as those of our server do: that is what this thread costs by itself.
 */
import { type MessagePort, Worker } from "node:worker_threads"
import Sqlite from "better-sqlite3"
import type { Plan } from "./Plan.js"

/** Writes pushes. */
export interface BareWriter {
  /** Writes one; `done` is called when it is durable, with false where the plan has no more transactions. */
  readonly push: (event: unknown, done: (isWritten: boolean) => void) => void
  readonly close: () => void
}

/** On the thread of its caller. Each statement is prepared once, as our server has them; the handle has the settings of our writer's. */
export const bareWriter = ({ writes: { openings, pushes, settings }, writeTo }: Plan): BareWriter => {
  const handle = new Sqlite(writeTo)
  for (const [name, value] of settings) handle.pragma(`${name} = ${value}`)
  const statements = new Map<string, Sqlite.Statement>()
  const prepared = (sql: string): Sqlite.Statement => {
    const known = statements.get(sql) ?? handle.prepare(sql)
    statements.set(sql, known)
    return known
  }
  const begin = prepared("BEGIN IMMEDIATE")
  const commit = prepared("COMMIT")
  const [opening, planned] = [openings, pushes].map((captured) =>
    captured.map((transaction) => transaction.map(({ sql, values }) => ({ statement: prepared(sql), values }))),
  )
  const write = (
    transaction: readonly { readonly statement: Sqlite.Statement; readonly values: readonly unknown[] }[],
  ) => {
    begin.run()
    for (const { statement, values } of transaction) statement.run(...values)
    commit.run()
  }
  for (const transaction of opening ?? []) write(transaction)
  let written = 0
  return {
    push: (_event, done) => {
      const transaction = planned?.[written++]
      if (transaction !== undefined) write(transaction)
      done(transaction !== undefined)
    },
    close: () => handle.close(),
  }
}

/** What goes to the thread, and what comes back. */
interface Sent {
  readonly id: number
  readonly event: unknown
}
interface Answered {
  readonly id: number
  readonly isWritten: boolean
}

/** On a thread of its own: `program` is started there, and calls {@link writeFor}. */
export const threadedWriter = (program: string, planFile: string): BareWriter => {
  const thread = new Worker(program, { argv: [planFile] })
  const waiting = new Map<number, (isWritten: boolean) => void>()
  let next = 1
  thread.on("message", ({ id, isWritten }: Answered) => {
    const done = waiting.get(id)
    waiting.delete(id)
    done?.(isWritten)
  })
  return {
    push: (event, done) => {
      const id = next++
      waiting.set(id, done)
      thread.postMessage({ id, event } satisfies Sent)
    },
    close: () => thread.postMessage(null),
  }
}

/** The thread's side. */
export const writeFor = (port: MessagePort, plan: Plan): void => {
  const writer = bareWriter(plan)
  port.on("message", (message: Sent | null) => {
    if (message === null) {
      writer.close()
      port.close()
      return
    }
    const { event, id } = message
    writer.push(event, (isWritten) => port.postMessage({ id, isWritten } satisfies Answered))
  })
}
