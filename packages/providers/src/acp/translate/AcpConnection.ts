/**
 * The translator's state of one connection: which sessions are open. Every fact goes through `record`.
 */

import { type Ending, makeConnectionBase, sessionEnding } from "../../runtime/ConnectionBase.js"
import type { WireChannel } from "../../runtime/Draft.js"
import { draftOf, type Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import type { TranslatorOptions } from "../../Translator.js"
import { type AcpThread, makeThread, openSession, type Place, type Target } from "./AcpSession.js"
import { type Configuration, configured } from "./sessionConfiguration.js"

export const makeConnection = (provider: string, options: TranslatorOptions) => {
  const { mode } = options
  const base = makeConnectionBase(provider, options)
  const target: Target = { origin: base.origin, place: null }
  const threads = new Map<string, AcpThread>()

  const record = (source: Source, where: Target, what: Fact, channel?: WireChannel): void => {
    base.push(draftOf(source, where.origin, what, channel))
    if (what.type === "session.exited" && where.place !== null) where.place.thread.session = null
  }

  const targetOf = (place: Place): Target => ({ origin: place.session.origin, place })

  const thread = (id: string): AcpThread => {
    const known = threads.get(id)
    if (known !== undefined) return known
    const made = makeThread(id)
    threads.set(id, made)
    return made
  }

  return {
    ...base,
    /** The target of events that name no session. */
    target,
    thread,
    record,

    /** Ends every open session, then the connection. A connection ends in no other way. */
    close: (source: Source, ending: Ending): void => {
      for (const of of threads.values()) {
        if (of.session !== null) {
          const where = targetOf({ thread: of, session: of.session })
          record(source, where, fact("session.exited", sessionEnding(ending), { threadId: of.id }))
        }
        of.closed = false
        of.loading.clear()
      }
      base.closed(source, ending)
    },

    /** The target of a message of a session. The connection where the session is not open. */
    openTarget: (id: string | undefined): Target => {
      const of = id === undefined ? undefined : threads.get(id)
      return of?.session ? targetOf({ thread: of, session: of.session }) : target
    },

    /**
     * The open session of a thread, opened first where there is none.
     *
     * @param described the content of the answer that opened it; absent: a later message shows that it is open
     */
    session: (
      source: Source,
      of: AcpThread,
      described?: Configuration & { readonly resumed: boolean },
    ): { readonly place: Place; readonly target: Target } => {
      const native = { threadId: of.id }
      const isNew = of.session === null
      const again = of.sessions > 0
      const place: Place = { thread: of, session: of.session ?? openSession(of) }
      const where = targetOf(place)
      if (isNew) {
        const resumed = again ? true : described?.resumed
        const started = { provider, mode, resumed, usageMode: "per-turn" } as const
        record(source, where, fact("session.started", started, native))
      }
      if (described === undefined) return { place, target: where }
      if (!place.session.described) {
        place.session.described = true
        const { cwd, model } = described
        record(source, where, fact("thread.started", { provider, cwd, model }, native))
      }
      for (const next of configured(of.id, { ...described, version: base.version() })) record(source, where, next)
      return { place, target: where }
    },
  }
}

export type Connection = ReturnType<typeof makeConnection>
