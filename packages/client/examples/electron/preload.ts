/**
 * Runs in each page before its own scripts, and is the only way from there to the main process: it hands over where the server is, asks
 * the person for a folder, and does nothing else. The page then calls the server by itself, since its origin is allowed (`--allowed-origin` in `main.ts`).
 */
import type { Connection } from "@threadfold/client"
import { contextBridge, ipcRenderer } from "electron"

/** What a page finds as `window.threadfold`. */
export interface Bridge {
  /** Where the server is. The token is for headers: it must not get into a URL, a log or the page's storage. Null: not for this page. */
  readonly connection: () => Promise<Connection | null>
  /** Has the person choose the folder that an agent works in; null: none was chosen. */
  readonly folder: () => Promise<string | null>
}

const isConnection = (value: unknown): value is Connection =>
  typeof value === "object" &&
  value !== null &&
  "url" in value &&
  "token" in value &&
  typeof value.url === "string" &&
  typeof value.token === "string"

const bridge: Bridge = {
  connection: async () => {
    const connection: unknown = await ipcRenderer.invoke("threadfold:connection")
    return isConnection(connection) ? connection : null
  },
  folder: async () => {
    const folder: unknown = await ipcRenderer.invoke("threadfold:folder")
    return typeof folder === "string" ? folder : null
  },
}

contextBridge.exposeInMainWorld("threadfold", bridge)
