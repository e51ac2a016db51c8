/**
 * The main process of an Electron app: it runs the server for a data directory of its own, and hands where it is to the pages.
 * The server ends, its agents with it, when its standard input closes: also where this process is killed.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { pathToFileURL } from "node:url"
import type { Connection } from "@threadfold/client"
import { app, BrowserWindow, dialog, ipcMain, net, protocol } from "electron"

/** Origin of the pages. A page from a file has the origin `null`, which the server refuses. */
const origin = "app://desk"

protocol.registerSchemesAsPrivileged([
  { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } },
])

interface Running {
  readonly connection: Connection
  readonly child: ChildProcess
}

/** Starts the server and waits for its one line. Rejects with what it said where it ends before. */
const startServer = (program: string, dataDir: string): Promise<Running> =>
  new Promise((resolve, reject) => {
    const args = ["serve", "--desktop", "--data-dir", dataDir, "--allowed-origin", origin]
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] })
    let said = ""
    child.stderr.on("data", (piece: Buffer) => {
      said = `${said}${piece.toString()}`.slice(-10_000)
    })
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`The server ended with ${code}. ${said}`)))
    createInterface({ input: child.stdout }).once("line", (line) => {
      const { token, url }: Connection = JSON.parse(line)
      resolve({ connection: { url, token }, child })
    })
  })

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
    const { child, connection } = await startServer("threadfold", join(app.getPath("userData"), "threadfold"))
    ipcMain.handle("threadfold:connection", ({ senderFrame }) => {
      // No other page gets the token.
      if (senderFrame === null || new URL(senderFrame.url).origin !== new URL(origin).origin) return null
      return connection
    })
    ipcMain.handle("threadfold:folder", async () => {
      const { filePaths } = await dialog.showOpenDialog({ properties: ["openDirectory"] })
      return filePaths[0] ?? null
    })
    app.once("will-quit", () => child.stdin?.end())
    await openWindow()
  } catch (error) {
    // `threadfold doctor` says what is missing.
    dialog.showErrorBox("Threadfold", String(error))
    app.quit()
  }
})

app.on("window-all-closed", () => app.quit())
