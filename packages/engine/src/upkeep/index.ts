export { inBackground } from "./inBackground.js"
export { startUpkeep } from "./upkeep.js"
