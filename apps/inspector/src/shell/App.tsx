/** The page: signed out, or the frame with the view that the address names. */
import { Suspense, useEffect } from "react"
import { Redirect, Route, Switch, useLocation } from "wouter"
import { useValue } from "../live/KeyedStore.js"
import { ErrorBoundary } from "./ErrorBoundary.js"
import { Layout } from "./Layout.js"
import { loadAhead } from "./lazyView.js"
import { Notice } from "./Notice.js"
import { PageProvider, type PageServices } from "./PageContext.js"
import { SignedOut } from "./SignedOut.js"
import { views } from "./views.js"

const Views = () => {
  const [location, navigate] = useLocation()
  return (
    <ErrorBoundary resetKey={location}>
      <Suspense fallback={<Notice kind="loading" title="Loading" />}>
        <Switch>
          {views.map(({ component: View, path }) => (
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

export const App = ({ services }: { services: PageServices }) => {
  const { feed, session } = services
  const access = useValue({ get: session.access, subscribe: session.subscribe })
  const isIn = access.kind === "signed-in"
  useEffect(() => {
    if (!isIn) return
    feed.start()
    void loadAhead()
    return () => feed.stop()
  }, [feed, isIn])
  if (access.kind !== "signed-in") return <SignedOut access={access} />
  return (
    <PageProvider services={services}>
      <Layout>
        <Views />
      </Layout>
    </PageProvider>
  )
}
