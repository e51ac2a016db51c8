/** What a desktop app runs in its main process (`@threadfold/client/desktop`): the server beside it. Needs Node. */
export { type BackendEnd, BackendFailed, type BackendOptions, Handshake, type Program } from "./Backend.js"
export * from "./DesktopHost.js"
