/**
 * The main process of an Electron app: it keeps the server running for a data directory of its own, and hands where it is to the pages.
 * The server ends, its agents with it, when the app ends: also where this process is killed.
 */
import { appendFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { type OpenDesktopHost, openDesktopHost } from "@threadfold/client/desktop"
import { app, BrowserWindow, dialog, ipcMain, net, protocol } from "electron"

/** Origin of the pages. A page from a file has the origin `null`, which the server refuses. */
const origin = "app://desk"

protocol.registerSchemesAsPrivileged([
  { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } },
])

const keepServer = (): Promise<OpenDesktopHost> => {
  const folder = app.getPath("userData")
  return openDesktopHost({
    program: { command: "threadfold" },
    dataDir: join(folder, "threadfold"),
    serveArgs: ["--allowed-origin", origin],
    onLog: (line) => appendFileSync(join(folder, "threadfold.log"), `${line}\n`),
  })
}

const openWindow = async (): Promise<void> => {
  const window = new BrowserWindow({
    webPreferences: { preload: join(__dirname, "preload.js"), contextIsolation: true, sandbox: true },
  })
  await window.loadURL(`${origin}/index.html`)
}

app.whenReady().then(async () => {
  protocol.handle("app", ({ url }) =>
    // Nothing outside of the folder of the pages: a URL has no `..` left.
    net.fetch(pathToFileURL(join(__dirname, "pages", new URL(url).pathname)).href),
  )
  try {
    const host = await keepServer()
    ipcMain.handle("threadfold:connection", async ({ senderFrame }) => {
      // No other page gets the token.
      if (senderFrame === null || new URL(senderFrame.url).origin !== new URL(origin).origin) return null
      const { token, url } = await host.backend()
      return { url, token }
    })
    host.onState((state) => {
      // It is not started again by itself. `host.upgrade(program)` is what a "try again" calls.
      if (state.status === "failed") dialog.showErrorBox("Threadfold", state.failure.message)
    })
    ipcMain.handle("threadfold:folder", async () => {
      const { filePaths } = await dialog.showOpenDialog({ properties: ["openDirectory"] })
      return filePaths[0] ?? null
    })
    app.once("will-quit", (event) => {
      event.preventDefault()
      // The agents have ended when this resolves.
      host.stop().finally(() => app.exit())
    })
    await openWindow()
  } catch (error) {
    // `threadfold doctor` says what is missing.
    dialog.showErrorBox("Threadfold", String(error))
    app.quit()
  }
})

app.on("window-all-closed", () => app.quit())
