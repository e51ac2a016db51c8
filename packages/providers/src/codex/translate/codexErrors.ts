/** Errors of turns and calls. */
import type { ProviderError } from "@threadfold/contracts"
import { omitUndefined } from "../../runtime/Fact.js"
import type { Answer } from "../../runtime/Message.js"
import { type Fields, hintFields, hintNumber, hintText, isFields, needString } from "../../runtime/readFields.js"

/** Reads `codexErrorInfo`: a name, or an object whose one member names the variant and holds its fields. */
const variantOf = (info: unknown): { readonly name: string | undefined; readonly fields: Fields } => {
  if (typeof info === "string") return { name: info, fields: {} }
  const [name] = isFields(info) ? Object.keys(info) : []
  return isFields(info) && name !== undefined
    ? { name, fields: hintFields(info, name) ?? {} }
    : { name: undefined, fields: {} }
}

/** Reads a `TurnError`. Its message is required. */
export const readError = (error: Fields): ProviderError => {
  const { name, fields } = variantOf(error.codexErrorInfo)
  return omitUndefined({
    message: needString(error, "message"),
    code: name,
    httpStatus: hintNumber(fields, "httpStatusCode"),
    details: hintText(error, "additionalDetails"),
  })
}

/** The error of a refused call. `code` is the JSON-RPC code, as text. */
export const callError = (answer: Extract<Answer, { ok: false }>): ProviderError =>
  omitUndefined({ message: answer.message, code: answer.code?.toString() })
