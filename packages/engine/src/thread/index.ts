export { commitThrough, openWriterLine } from "./WriterLine.js"
export { startWriterThread, WriterThreadOptions } from "./WriterThread.js"
