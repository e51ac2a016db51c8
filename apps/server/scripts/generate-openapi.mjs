// Writes docs/reference/openapi.json from the API that the server implements; with --check only says whether it is up to
// date. Both need a build. The file is laid out by the formatter, so it is compared by what it says.
import { readFileSync, writeFileSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import { OpenApi } from "@effect/platform"
import { Api } from "@threadfold/contracts/api"

const target = new URL("../../../docs/reference/openapi.json", import.meta.url)
const text = JSON.stringify(OpenApi.fromApi(Api), null, 2)

if (!process.argv.includes("--check")) {
  writeFileSync(target, `${text}\n`)
} else if (!isDeepStrictEqual(JSON.parse(readFileSync(target, "utf8")), JSON.parse(text))) {
  process.stderr.write("docs/reference/openapi.json is out of date: run `pnpm --filter @threadfold/server generate`\n")
  process.exitCode = 1
}
