/**
 * The page of the app: `pages/index.html` has `<div id="app">` and this script, bundled for a browser, for example by
 * `esbuild renderer.tsx --bundle --outfile=pages/renderer.js`.
 */
import { connect } from "@threadfold/client"
import { createRoot } from "react-dom/client"
import { App } from "../react/App.tsx"
import type { Bridge } from "./preload.js"

declare global {
  interface Window {
    /** What `preload.ts` puts there. */
    readonly threadfold: Bridge
  }
}

const start = async (place: HTMLElement): Promise<void> => {
  const connection = await window.threadfold.connection()
  if (connection === null) {
    place.textContent = "This page is not let in."
    return
  }
  const { items: agents } = await connect(connection).run((api) => api.agents.list())
  const [agent] = agents
  const cwd = await window.threadfold.folder()
  if (agent === undefined || cwd === null) {
    place.textContent =
      agent === undefined ? "No agent is installed: `threadfold doctor` says how to get one." : "Choose a folder."
    return
  }
  createRoot(place).render(<App agent={agent.name} connection={connection} cwd={cwd} />)
}

const place = document.getElementById("app")
if (place === null) throw new Error("The page has no element with the id app.")
start(place).catch((error: unknown) => {
  place.textContent = String(error)
})
