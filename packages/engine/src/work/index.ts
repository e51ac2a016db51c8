export { memoryWork } from "./MemoryWork.js"
export { sqliteWork, workGroup } from "./SqliteWork.js"
export { WorkReads } from "./WorkReads.js"
export * from "./WorkStore.js"
