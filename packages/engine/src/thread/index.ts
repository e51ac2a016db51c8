export { startWriterThread, WriterThreadOptions } from "./WriterThread.js"
