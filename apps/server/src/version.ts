/** The version of this program, from its own manifest: one level above both `src` and `dist`. */
import { readFileSync } from "node:fs"
import { Schema } from "effect"

const Manifest = Schema.parseJson(Schema.Struct({ version: Schema.String }))

/** Semantic version, for example `0.1.0`. */
export const version = Schema.decodeUnknownSync(Manifest)(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
).version
