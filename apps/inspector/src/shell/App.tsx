/** The page: signed out, or the frame with the view that the address names; of the server, or of a bundle that a person opened. */
import { type ReactNode, Suspense, useEffect } from "react"
import { Redirect, Route, Router, Switch, useLocation } from "wouter"
import { BundleDrop } from "../bundle/BundleDrop.js"
import { bundles } from "../bundle/Bundles.js"
import { useHashLocation, useHashSearch } from "../bundle/hashAddress.js"
import { useValue } from "../live/KeyedStore.js"
import { ErrorBoundary } from "./ErrorBoundary.js"
import { Layout } from "./Layout.js"
import { loadAhead } from "./lazyView.js"
import { Notice } from "./Notice.js"
import { PageProvider, type PageServices, usePage } from "./PageContext.js"
import { SignedOut } from "./SignedOut.js"
import { viewsOf } from "./views.js"

const Views = () => {
  const [location, navigate] = useLocation()
  const { bundle } = usePage()
  return (
    <ErrorBoundary resetKey={location}>
      <Suspense fallback={<Notice kind="loading" title="Loading" />}>
        <Switch>
          {viewsOf(bundle !== null).map(({ component: View, path }) => (
            <Route key={path} path={path}>
              <View />
            </Route>
          ))}
          <Route path="/">
            <Redirect replace to="/threads" />
          </Route>
          <Route>
            <Notice
              actions={[{ label: "Show all threads", run: () => navigate("/threads") }]}
              text={`There is nothing at ${location}.`}
              title="No such view"
            />
          </Route>
        </Switch>
      </Suspense>
    </ErrorBoundary>
  )
}

const Shown = ({ services }: { services: PageServices }) => (
  <PageProvider services={services}>
    <Layout>
      <Views />
    </Layout>
  </PageProvider>
)

interface ServerPageProps {
  readonly services: PageServices
  readonly session: NonNullable<PageServices["session"]>
}

const ServerPage = ({ services, session }: ServerPageProps) => {
  const { feed } = services
  const access = useValue({ get: session.access, subscribe: session.subscribe })
  const isIn = access.kind === "signed-in"
  useEffect(() => {
    if (!isIn) return
    feed.start()
    void loadAhead()
    return () => feed.stop()
  }, [feed, isIn])
  return access.kind === "signed-in" ? <Shown services={services} /> : <SignedOut access={access} />
}

/**
 * The page of a server, and of any bundle that is opened in it.
 *
 * @param services of the server; null: there is none, but a file that holds a bundle
 */
export const App = ({ children, services }: { services: PageServices | null; children?: ReactNode }) => {
  const { shown } = useValue(bundles.state)
  const session = services?.session ?? null
  return (
    <>
      {shown !== null ? (
        <Router hook={useHashLocation} hrefs={(href) => `#${href}`} searchHook={useHashSearch}>
          <Shown services={shown} />
        </Router>
      ) : services !== null && session !== null ? (
        <ServerPage services={services} session={session} />
      ) : (
        children
      )}
      <BundleDrop />
    </>
  )
}
