/** Texts with secrets that an export must take out, and texts that only look so. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { packageRoot } from "./packageFiles.js"

const Planted = Schema.Struct({
  planted: Schema.Array(
    Schema.Struct({
      /** Kind of the secret, as a placeholder names it. */
      kind: Schema.String,
      /** In pieces, so that scanners of repositories do not take it for one of ours. */
      secret: Schema.transform(Schema.Array(Schema.String), Schema.String, {
        decode: (pieces) => pieces.join(""),
        encode: (secret) => [secret],
      }),
      /** Texts that it stands in, as `{}`. */
      texts: Schema.Array(Schema.String),
    }),
  ),
  harmless: Schema.Array(Schema.String),
})

/** The corpus of `fixtures/secrets`. */
export const plantedSecrets: typeof Planted.Type = Schema.decodeUnknownSync(Schema.parseJson(Planted))(
  readFileSync(join(packageRoot, "fixtures", "secrets", "planted.json"), "utf8"),
)
