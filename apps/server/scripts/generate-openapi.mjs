// Writes docs/reference/openapi.json from the API that the server implements. Run after a build: node scripts/generate-openapi.mjs
import { writeFileSync } from "node:fs"
import { OpenApi } from "@effect/platform"
import { Api } from "@threadfold/contracts/api"

const target = new URL("../../../docs/reference/openapi.json", import.meta.url)
writeFileSync(target, `${JSON.stringify(OpenApi.fromApi(Api), null, 2)}\n`)
