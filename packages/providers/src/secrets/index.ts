export { type HeldSecrets, makeRemoval, type Removal } from "./Removal.js"
export { secretValues, withoutSecrets } from "./secrets.js"
