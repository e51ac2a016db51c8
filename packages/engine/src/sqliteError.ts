/** What kind of failure the database reported. */

const codeOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null || !("code" in error)) return ""
  return typeof error.code === "string" ? error.code : ""
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The disk or the file refused; nothing is wrong with the data. */
export const isStorageFailure = (error: unknown): boolean =>
  /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED|NOMEM|CORRUPT|NOTADB)/.test(codeOf(error))

/** A constraint of the tables refused a row. */
export const isRefusedRow = (error: unknown): boolean =>
  /^SQLITE_(CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(codeOf(error)) || error instanceof TypeError
