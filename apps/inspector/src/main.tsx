/** Where the page begins. The code of the link leaves the address with the first import. */
import { onNewCode, takeCode } from "./session/linkCode.js"
import "./shell/theme.css"
import "page:styles"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { bundles } from "./bundle/Bundles.js"
import { browserKeys } from "./session/PageKey.js"
import { Session } from "./session/Session.js"
import { App } from "./shell/App.js"
import { listenToKeys } from "./shell/commands.js"
import { ErrorBoundary } from "./shell/ErrorBoundary.js"
import { makeServices } from "./shell/PageContext.js"
import { restoreTheme } from "./shell/theme.js"

restoreTheme()
listenToKeys()

const session = new Session(browserKeys)
const services = makeServices(session)
void session.signIn(takeCode())
onNewCode((code) => void session.signIn(code))
bundles.listen()

const place = document.getElementById("page")
if (place === null) throw new Error("The page has no place for its views.")
createRoot(place).render(
  <StrictMode>
    <ErrorBoundary>
      <App services={services} />
    </ErrorBoundary>
  </StrictMode>,
)
