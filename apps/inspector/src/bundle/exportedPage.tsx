/** Where the page begins in a file of `threadfold export --html`: it holds a bundle, and opens it. No server is asked for anything. */
import "../shell/theme.css"
import "page:styles"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "../shell/App.js"
import { listenToKeys } from "../shell/commands.js"
import { ErrorBoundary } from "../shell/ErrorBoundary.js"
import { Notice } from "../shell/Notice.js"
import { restoreTheme } from "../shell/theme.js"
import { bundles } from "./Bundles.js"
import { fileNameIn } from "./hashAddress.js"

/** The bytes that an element of the file holds, in base64. */
const bytesIn = (id: string): Uint8Array<ArrayBuffer> => {
  const text = atob(document.getElementById(id)?.textContent?.trim() ?? "")
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at)
  return bytes
}

restoreTheme()
listenToKeys()
bundles.canClose = false
void bundles.open(fileNameIn(location.pathname), new Blob([bytesIn("bundle")]))

const place = document.getElementById("page")
if (place === null) throw new Error("The page has no place for its views.")
createRoot(place).render(
  <StrictMode>
    <ErrorBoundary>
      <App services={null}>
        <Notice text="Drop a bundle here, or press g o." title="No bundle is open" />
      </App>
    </ErrorBoundary>
  </StrictMode>,
)
