export { type HeldSecrets, makeRemoval, type Removal } from "../redaction/Redactor.js"
export { secretValues, withoutSecrets } from "../redaction/secretValues.js"
