/** What the OpenAPI document says of a route, held against what a server answers. */
import * as OpenApi from "@effect/platform/OpenApi"
import { Api } from "@threadfold/contracts/api"

const document = OpenApi.fromApi(Api)

const routes = Object.entries(document.paths).map(([path, item]) => ({
  path,
  pattern: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+")}$`),
  operations: new Map(
    Object.entries(item).map(([method, operation]) => [
      method.toUpperCase(),
      new Map(Object.entries(operation.responses)),
    ]),
  ),
}))

const slugOf = (text: string): string => {
  const said: unknown = JSON.parse(text)
  const type = typeof said === "object" && said !== null && "type" in said ? String(said.type) : ""
  return type.replace("urn:threadfold:problem:", "")
}

/** Why an answer is none that the document declares; null: it is declared, or the document knows no such call. */
export const undeclared = async (url: string, method: string, response: Response): Promise<string | null> => {
  const { pathname } = new URL(url)
  const responses = routes.find(({ pattern }) => pattern.test(pathname))?.operations.get(method)
  if (responses === undefined) return null
  const call = `${method} ${pathname}`
  const declared = responses.get(String(response.status))
  if (declared === undefined) return `${call}: ${response.status} is not declared`
  const type = response.headers.get("content-type")?.replace(/; ?charset=.*$/, "") ?? ""
  const types = Object.keys(declared.content ?? {})
  if (type !== "" && !types.includes(type)) return `${call}: ${response.status} with ${type} is not declared`
  if (type !== "application/problem+json") return null
  const slug = slugOf(await response.clone().text())
  return declared.description.includes(`\`${slug}\``) ? null : `${call}: ${response.status} ${slug} is not declared`
}
