// Says whether docs/reference/openapi.json is what the server's API says; `npm run docs` writes it. Needs a build. The
// file is laid out by the formatter, so it is compared by what it says.
import { readFileSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import { OpenApi } from "@effect/platform"
import { Api } from "@threadfold/contracts/api"

const written = JSON.parse(readFileSync(new URL("../../../docs/reference/openapi.json", import.meta.url), "utf8"))
if (!isDeepStrictEqual(written, JSON.parse(JSON.stringify(OpenApi.fromApi(Api))))) {
  process.stderr.write("docs/reference/openapi.json is out of date: run `npm run docs`\n")
  process.exitCode = 1
}
