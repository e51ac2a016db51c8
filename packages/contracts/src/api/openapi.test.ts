import * as OpenApi from "@effect/platform/OpenApi"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"
import * as contracts from "../index.js"
import { Api } from "./Api.js"
import { ProblemDetails, problems } from "./Problem.js"
import { EventDetail } from "./Shapes.js"

interface Json {
  readonly [name: string]: unknown
}

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const json = (value: unknown): Json => (isJson(value) ? value : {})

const document: Json = JSON.parse(JSON.stringify(OpenApi.fromApi(Api)))
const schemas = json(json(document.components).schemas)

/** Every object of the document, with the place that it stands at. */
const parts = (value: unknown, place: string): readonly (readonly [string, Json])[] =>
  Array.isArray(value)
    ? value.flatMap((member, index) => parts(member, `${place}/${index}`))
    : isJson(value)
      ? [[place, value], ...Object.entries(value).flatMap(([name, member]) => parts(member, `${place}/${name}`))]
      : []

const described = ({ description }: Json): boolean => typeof description === "string" && description.length > 3

interface Operation {
  readonly name: string
  readonly operation: Json
}

const operations: readonly Operation[] = Object.entries(json(document.paths)).flatMap(([path, item]) =>
  Object.entries(json(item)).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    operation: json(operation),
  })),
)

const operationOf = (name: string): Json => operations.find((one) => one.name === name)?.operation ?? {}
const responsesOf = (operation: Json) =>
  Object.entries(json(operation.responses)).map(([status, response]) => ({ status, response: json(response) }))

/** Media type → schema of a body or an answer. */
const mediaOf = (value: unknown) =>
  Object.entries(json(json(value).content)).map(([type, media]) => ({ type, schema: json(json(media).schema) }))

describe("the OpenAPI document", () => {
  it("is valid 3.1", async () => {
    const validator = new Validator()
    const { errors, valid } = await validator.validate(JSON.parse(JSON.stringify(document)))
    expect([validator.version, errors, valid]).toEqual(["3.1", undefined, true])
  })

  it("says what every property, parameter, answer, header and component means", () => {
    const silent = parts(document, "").flatMap(([place, part]) => [
      ...Object.entries(json(part.properties))
        .filter(([, property]) => !described(json(property)))
        .map(([name]) => `${place}/properties/${name}`),
    ])
    const silentOperations = operations.flatMap(({ name, operation }) => [
      ...(described(operation) ? [] : [name]),
      ...(Array.isArray(operation.parameters) ? operation.parameters : [])
        .filter((parameter) => !described(json(parameter)))
        .map((parameter) => `${name} ${String(json(parameter).name)}`),
      ...responsesOf(operation).flatMap(({ response, status }) => [
        ...(described(response) ? [] : [`${name} ${status}`]),
        ...Object.entries(json(response.headers))
          .filter(([, header]) => !described(json(header)))
          .map(([header]) => `${name} ${status} ${header}`),
      ]),
    ])
    const silentComponents = Object.entries(schemas).flatMap(([name, schema]) =>
      described(json(schema)) && typeof json(schema).title === "string" ? [] : [name],
    )
    expect([silent, silentOperations, silentComponents]).toEqual([[], [], []])
  })

  it("names every body, every answer and every closed list", () => {
    const unnamed = operations.flatMap(({ name, operation }) =>
      [operation.requestBody, ...responsesOf(operation).map(({ response }) => response)]
        .flatMap(mediaOf)
        .filter(({ schema }) => typeof schema.$ref !== "string")
        .map(({ type }) => `${name} ${type}`),
    )
    const lists = parts(schemas, "").flatMap(([place, part]) =>
      Array.isArray(part.enum) && part.enum.length > 3 && place.split("/").length > 2 ? [place] : [],
    )
    const dangling = parts(document, "").flatMap(([place, { $ref }]) =>
      typeof $ref !== "string" || Object.hasOwn(schemas, $ref.replace("#/components/schemas/", "")) ? [] : [place],
    )
    expect([unnamed, lists, dangling]).toEqual([[], [], []])
  })

  it("declares headers, streams and lines where they are", () => {
    const headers = (name: string, status: string) => {
      const found = responsesOf(operationOf(name)).find((one) => one.status === status)
      return Object.keys(json(found?.response.headers))
    }
    const taken = (name: string) =>
      [operationOf(name).parameters].flat().flatMap((parameter) => {
        const { in: place, name: header } = json(parameter)
        return place === "header" ? [header] : []
      })
    const types = (name: string) =>
      responsesOf(operationOf(name)).flatMap(({ response, status }) =>
        status === "200" ? mediaOf(response).map(({ type }) => type) : [],
      )
    expect(headers("GET /v1/threads/{threadId}", "200")).toEqual(["Sequence", "ETag"])
    expect(headers("GET /v1/threads/{threadId}", "304")).toEqual(["Sequence", "ETag"])
    expect(headers("GET /v1/threads", "429")).toEqual(["Retry-After"])
    expect(headers("POST /v1/threads", "202")).toEqual(["Sequence", "Location"])
    expect(taken("GET /v1/threads/{threadId}")).toEqual(["If-None-Match"])
    expect(taken("POST /v1/threads/{threadId}/messages")).toEqual(["Idempotency-Key", "If-Match"])
    expect(taken("GET /v1/events")).toEqual(["Last-Event-ID"])
    expect(types("GET /v1/events")).toEqual(["application/json", "text/event-stream"])
    expect(types("POST /v1/sessions/{sessionId}/events")).toEqual(["application/json", "application/x-ndjson"])
    expect(mediaOf(operationOf("POST /v1/sessions/{sessionId}/events").requestBody).map(({ type }) => type)).toEqual([
      "application/json",
      "application/x-ndjson",
    ])
    expect(json(operationOf("POST /v1/threads/{threadId}/interrupt").requestBody).required).toBe(false)
    expect(json(operationOf("POST /v1/threads").requestBody).required).toBe(true)
  })

  it("has the problems of a route and no others", () => {
    const statuses = (name: string) =>
      responsesOf(operationOf(name))
        .map(({ status }) => Number(status))
        .filter((status) => status >= 400)
    expect(statuses("GET /livez")).toEqual([400, 403, 429, 500, 503])
    expect(statuses("GET /v1/agents")).toEqual([400, 401, 403, 429, 500, 503])
    expect(statuses("GET /v1/threads/{threadId}")).toEqual([400, 401, 403, 404, 410, 429, 500, 503])
    expect(statuses("POST /v1/threads")).toEqual([400, 401, 403, 404, 409, 410, 412, 413, 415, 429, 500, 503, 507])
    for (const { name, operation } of operations) {
      for (const { response, status } of responsesOf(operation)) {
        if (Number(status) < 400) continue
        for (const [, slug] of String(response.description).matchAll(/`([a-z-]+)`:/g)) {
          expect([name, status, slug, Object.entries(problems).find(([known]) => known === slug)?.[1].status]).toEqual([
            name,
            status,
            slug,
            Number(status),
          ])
        }
      }
    }
  })

  it("shows examples that are what their components say", () => {
    const exports: Readonly<Record<string, Schema.Schema.AnyNoContext>> = {
      Thread: contracts.ThreadView,
      ThreadDetail: contracts.ThreadDetail,
      Session: contracts.SessionView,
      Turn: contracts.TurnView,
      Item: contracts.ItemView,
      Request: contracts.RequestView,
      RealtimeRun: contracts.RealtimeRunView,
      Delegation: contracts.DelegationView,
      ThreadUsage: contracts.ThreadUsage,
      Anomaly: contracts.AnomalyView,
      Event: EventDetail,
      ProblemDetails: ProblemDetails,
    }
    const shown = Object.keys(schemas).filter((name) => Array.isArray(json(schemas[name]).examples))
    expect(shown.sort()).toEqual(Object.keys(exports).sort())
    for (const name of shown) {
      const schema = exports[name]
      const [example] = [json(schemas[name]).examples].flat()
      const read =
        schema === undefined ? null : Schema.decodeUnknownEither(schema, { onExcessProperty: "error" })(example)
      expect([name, read === null || Either.isLeft(read) ? String(read) : "read"]).toEqual([name, "read"])
    }
  })

  it("answers with objects alone, and with lists as items", () => {
    const named = (schema: Json): readonly [string, Json] => {
      const name = String(schema.$ref ?? "").replace("#/components/schemas/", "")
      return [name, name === "" ? schema : json(schemas[name])]
    }
    const answers = operations.flatMap(({ name, operation }) =>
      Object.entries(json(operation.responses)).flatMap(([status, response]) => {
        const schema = json(json(json(json(response).content)["application/json"]).schema)
        return status.startsWith("2") && Object.keys(schema).length > 0 ? [[name, ...named(schema)] as const] : []
      }),
    )
    expect(answers.length).toBeGreaterThan(80)
    // Some are one of several objects.
    expect(answers.filter(([, , schema]) => schema.type === "array").map(([name]) => name)).toEqual([])
    // A document says what one thing is, and may have lists in it; of everything else a list is `items`.
    const lists = answers.flatMap(([, name, schema]) => {
      const arrays = Object.entries(json(schema.properties)).flatMap(([property, value]) =>
        json(value).type === "array" ? [property] : [],
      )
      return arrays.length > 0 && !arrays.includes("items") ? [name] : []
    })
    expect([...new Set(lists)].sort()).toEqual([
      "CheckJob",
      "Command",
      "ExplainReport",
      "ImportReport",
      "ItemReport",
      "MomentsDiff",
      "Purge",
      "PushResult",
      "RowChanges",
      "RowsSnapshot",
      "SqlRows",
      "WhatIfAnswer",
      "WhyReport",
    ])
  })

  it("lets answers grow, and bodies be refused for a field that is not known", () => {
    const closed = Object.entries(schemas).flatMap(([name, schema]) =>
      json(schema).additionalProperties === false ? [name] : [],
    )
    expect(closed).toContain("SendMessageBody")
    for (const name of ["Thread", "Turn", "Receipt", "ProblemDetails", "ProviderEvent", "Event"]) {
      expect(closed).not.toContain(name)
    }
  })
})
