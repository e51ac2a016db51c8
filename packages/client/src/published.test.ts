/** What an installed client finds in the packages that it is published with. */
import { readFileSync } from "node:fs"
import { Schema } from "effect"
import { expect, it } from "vitest"

const Exports = Schema.Record({
  key: Schema.String,
  value: Schema.Record({ key: Schema.String, value: Schema.String }),
})
const Manifest = Schema.parseJson(
  Schema.Struct({ exports: Exports, publishConfig: Schema.Struct({ exports: Exports }) }),
)

it.each(["client", "contracts", "core"])(
  "has every way into %s that the workspace has, but for its sources",
  (name) => {
    const file = new URL(`../../${name}/package.json`, import.meta.url)
    const { exports, publishConfig } = Schema.decodeUnknownSync(Manifest)(readFileSync(file, "utf8"))
    const built = Object.entries(exports).map(([path, { source: _, ...ways }]) => [path, ways])
    expect(publishConfig.exports).toEqual(Object.fromEntries(built))
  },
)
