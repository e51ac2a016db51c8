/** What a server allows of imports. */
import { resolve } from "node:path"
import { Context, Schema } from "effect"

/** `imports` of the configuration. */
export const ImportsConfig = Schema.Struct({
  /** Folder whose recordings may be imported by their path. Relative to the file. Absent: none may. */
  root: Schema.optional(
    Schema.String.pipe(Schema.minLength(1, { message: () => "must not be empty" }), Schema.maxLength(4_096)),
  ),
  /** Longest upload, bytes; 1 GiB by default. */
  uploadBytes: Schema.optional(
    Schema.Number.pipe(Schema.int(), Schema.positive({ message: () => "must be a positive number of bytes" })),
  ),
  /** How many imports run at a time; 2 by default. */
  concurrent: Schema.optional(
    Schema.Number.pipe(Schema.int(), Schema.between(1, 16, { message: () => "must be from 1 to 16" })),
  ),
})
export type ImportsConfig = typeof ImportsConfig.Type

export interface ImportLimits {
  /** Folder whose recordings may be imported by their path, absolute; null: none may. */
  readonly root: string | null
  /** Longest upload, bytes. */
  readonly uploadBytes: number
  /** Imports at a time. */
  readonly concurrent: number
}

export const defaultImportLimits: ImportLimits = { root: null, uploadBytes: 1024 ** 3, concurrent: 2 }

/** What a configuration allows. @param folder where its file lies @param rootOfEnvironment wins over its root */
export const importLimits = (
  config: ImportsConfig,
  folder: string,
  rootOfEnvironment: string | null,
): ImportLimits => ({
  root:
    rootOfEnvironment !== null
      ? resolve(rootOfEnvironment)
      : config.root === undefined
        ? null
        : resolve(folder, config.root),
  uploadBytes: config.uploadBytes ?? defaultImportLimits.uploadBytes,
  concurrent: config.concurrent ?? defaultImportLimits.concurrent,
})

/** The limits of a server, and where it keeps an upload while it is imported. */
export class ImportSettings extends Context.Tag("@threadfold/server/ImportSettings")<
  ImportSettings,
  ImportLimits & { readonly directory: string }
>() {}
