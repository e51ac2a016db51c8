export * from "./Agents.js"
export { Ids, type IdsService } from "./Ids.js"
export * from "./Orchestrator.js"
export * from "./reaper/Reaper.js"
