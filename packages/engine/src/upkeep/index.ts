export { inBackground, type Step } from "./inBackground.js"
export { type RefoldAnswer, startUpkeep, type Upkeep } from "./upkeep.js"
