export { memoryWork } from "./MemoryWork.js"
export { sqliteWork, workGroup } from "./SqliteWork.js"
export * from "./WorkReads.js"
export * from "./WorkStore.js"
