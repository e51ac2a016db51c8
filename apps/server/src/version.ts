/** The version of this program, from its own manifest. */
import { readFileSync } from "node:fs"
import { Schema } from "effect"
import { manifestFile } from "./installed.js"

const Manifest = Schema.parseJson(Schema.Struct({ version: Schema.String }))

/** Semantic version, for example `0.1.0`. */
export const version = Schema.decodeUnknownSync(Manifest)(readFileSync(manifestFile, "utf8")).version
