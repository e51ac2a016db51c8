export { inBackground } from "./inBackground.js"
export { type RefoldAnswer, startUpkeep } from "./upkeep.js"
