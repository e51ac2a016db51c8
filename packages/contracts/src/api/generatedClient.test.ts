import * as OpenApi from "@effect/platform/OpenApi"
import openapiTS, { astToString } from "openapi-typescript"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { Api } from "./Api.js"

/** What a program says that uses the types, and what it must not be able to say. */
const client = `
import type { components, paths } from "./api.mjs"

type Thread = components["schemas"]["Thread"]
type Turn = components["schemas"]["Turn"]
type Message = components["schemas"]["SendMessageBody"]
type Page = paths["/v1/threads"]["get"]["responses"]["200"]["content"]["application/json"]
type Refused = paths["/v1/threads/{threadId}/messages"]["post"]["responses"]["409"]["content"]["application/problem+json"]
type Query = NonNullable<paths["/v1/threads"]["get"]["parameters"]["query"]>
type Stream = paths["/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]

export const title = ({ firstWords, threadId, title }: Thread): string => title ?? firstWords ?? threadId
export const waits = ({ items }: Page): readonly string[] =>
  items.flatMap((thread) => (thread.status === "waiting" ? [thread.threadId] : []))
export const tokens = ({ usage }: Turn): number => usage?.totalTokens ?? 0
export const message: Message = { text: "Hello", mode: "steer" }
export const next = ({ next }: Refused): string => next
export const query: Query = { limit: 10, status: "working", order: "asc" }
export const lines = (stream: Stream): readonly string[] => stream.split("\\n")

// @ts-expect-error a mode that there is not
export const wrongMode: Message = { text: "Hello", mode: "later" }
// @ts-expect-error a status that there is not
export const wrongStatus = (thread: Thread): boolean => thread.status === "asleep"
// @ts-expect-error a field that there is not
export const wrongField = (turn: Turn): unknown => turn.colour
`

const compile = (files: Readonly<Record<string, string>>): readonly string[] => {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile, readFile } = host
  const own = (path: string): string | undefined => files[path.replace(/^.*\//, "")]
  host.directoryExists = () => true
  host.fileExists = (path) => own(path) !== undefined || fileExists(path)
  host.readFile = (path) => own(path) ?? readFile(path)
  host.getSourceFile = (path, version) => {
    const text = own(path)
    return text === undefined ? getSourceFile(path, version) : ts.createSourceFile(path, text, version)
  }
  return ts
    .getPreEmitDiagnostics(ts.createProgram(["/client/client.mts"], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
}

describe("a client that is generated from the OpenAPI document", () => {
  it("has named types with what each field means, and a program with them compiles", async () => {
    const types = astToString(await openapiTS(JSON.parse(JSON.stringify(OpenApi.fromApi(Api)))))
    expect(types).toMatch(/@description Display name; null: it has none[^*]*\*\/\s*title: string \| null;/)
    expect(types).toMatch(/status: components\["schemas"\]\["ThreadStatus"\];/)
    expect(compile({ "client.mts": client, "api.mts": types })).toEqual([])
  })
})
