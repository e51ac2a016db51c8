/** What every view is given: the calls, the feed of changes, and what a person is told. */
import { createContext, type ReactNode, useContext, useEffect } from "react"
import { Api } from "../api/Api.js"
import type { OpenBundle } from "../bundle/OpenBundle.js"
import { Feed } from "../live/Feed.js"
import { InboxCount } from "../live/InboxCount.js"
import { useValue, ValueStore } from "../live/KeyedStore.js"
import type { Session } from "../session/Session.js"

/** The services of a page. There is one of each. */
export interface PageServices {
  /** The access to the server; null: a bundle is shown. */
  readonly session: Session | null
  readonly api: Api
  readonly feed: Pick<Feed, "listen" | "retryNow" | "start" | "state" | "stop">
  readonly inbox: Pick<InboxCount, "counts">
  /** The bundle that is shown instead of a server's log; null: none is. */
  readonly bundle: OpenBundle | null
}

export const makeServices = (session: Session): PageServices => {
  const api = new Api(session.fetch)
  const feed = new Feed(session.fetch)
  const inbox = new InboxCount(api)
  feed.listen(inbox)
  return { session, api, feed, inbox, bundle: null }
}

const Context = createContext<PageServices | null>(null)

export const PageProvider = ({ children, services }: { children: ReactNode; services: PageServices }) => (
  <Context value={services}>{children}</Context>
)

export const usePage = (): PageServices => {
  const services = useContext(Context)
  if (services === null) throw new Error("A view is shown outside the page.")
  return services
}

/** The access to the server, for views that need one. */
export const useSession = (): Session => {
  const { session } = usePage()
  if (session === null) throw new Error("A view that needs a server is shown of a bundle.")
  return session
}

/** What the live region says. Each text is another object, so that the same one is said again. */
export const announcement = new ValueStore<{ readonly text: string } | null>(null)

/** Tells a person who does not see the page what has happened. For what a person did, or waits for; not for every change. */
export const announce = (text: string): void => announcement.set({ text })

/** The title of the tab while a view is shown, with the number of things that wait for a person. */
export const useTitle = (title: string): void => {
  const waiting = useValue(usePage().inbox.counts)?.total ?? 0
  useEffect(() => {
    document.title = `${waiting === 0 ? "" : `(${waiting}) `}${title} · Threadfold`
  }, [title, waiting])
}
