/** Closed lists in answers: a later server may have another word, so that a client of today has to read any. */
import * as HttpApi from "@effect/platform/HttpApi"
import { SchemaAST as AST, Option, Schema } from "effect"
import { expect, it } from "vitest"
import { AgentList } from "../entities/Agent.js"
import { ThreadDetail } from "../entities/Thread.js"
import { TurnView } from "../entities/Turn.js"
import { Api } from "./Api.js"

/**
 * Words that no later server of `/v1` adds to. Of a state a program waits for the next one, and the client's reducer makes the rows by the
 * same rules as the server: another word is another version of the fold. The others are what happens to a value.
 */
const fixed: ReadonlySet<string> = new Set([
  // States of rows and of work.
  "Thread.status",
  "ThreadDetail.status",
  "TreeNode.status",
  "TraceSubagent.status",
  "Session.status",
  "AttachedSession.status",
  "Turn.status",
  "TurnDetail.status",
  "TraceTurn.status",
  "Item.status",
  "ItemDetail.status",
  "TraceStep.status",
  "Request.status",
  "RequestDetail.status",
  "Inference.status",
  "InferenceDetail.status",
  "TraceAttempt.status",
  "RealtimeRun.status",
  "Delegation.status",
  "Task.status",
  "Import.state",
  "VerifyJob.state",
  "CheckJob.state",
  "RebuildJob.state",
  "Purge.status",
  "Replay.state",
  // What became of a line, of a row, of a value.
  "LineResult.status",
  "SetBy.change",
  "ChangedRow.change",
  "PatchAdd.op",
  // Who an event is by: the rules of the fold ask for it.
  "Event.actor",
])

const isText = (ast: AST.AST): boolean => AST.isLiteral(ast) && typeof ast.literal === "string"
const isNull = (ast: AST.AST): boolean => AST.isLiteral(ast) && ast.literal === null

/** Whether a union takes an object of any word, whatever its other fields are. */
const takesAny = (ast: AST.Union): boolean =>
  ast.types.some(
    (one) =>
      AST.isTypeLiteral(one) &&
      one.indexSignatures.some(({ type }) => AST.isUnknownKeyword(type)) &&
      one.propertySignatures.every(({ type }) => AST.isStringKeyword(AST.encodedAST(type))),
  )

/** The field whose one text says which of several objects a value is: a closed list in pieces. */
const tagOf = (ast: AST.Union): string | undefined => {
  const [first, ...others] = ast.types
    .filter(AST.isTypeLiteral)
    .map(({ propertySignatures }) =>
      propertySignatures.flatMap(({ name, type }) => (isText(type) ? [String(name)] : [])),
    )
  return others.length === 0 ? undefined : first?.find((name) => others.every((names) => names.includes(name)))
}

/** Every closed list of words that an answer has, with the field that it stands in. */
const closedLists = (): ReadonlySet<string> => {
  const found = new Set<string>()
  const seen = new Set<AST.AST>()
  const walk = (ast: AST.AST, place: string): void => {
    if (AST.isUnion(ast) && ast.types.some(isText) && ast.types.every((one) => isText(one) || isNull(one))) {
      found.add(place)
      return
    }
    if (seen.has(ast)) return
    seen.add(ast)
    if (AST.isUnion(ast)) {
      if (takesAny(ast)) return
      const tag = tagOf(ast)
      if (tag !== undefined) found.add(`${place}.${tag}`)
      for (const one of ast.types) walk(one, place)
    } else if (AST.isTupleType(ast)) for (const { type } of [...ast.elements, ...ast.rest]) walk(type, place)
    else if (AST.isSuspend(ast)) walk(ast.f(), place)
    else if (AST.isRefinement(ast) || AST.isTransformation(ast)) walk(ast.from, place)
    else if (AST.isTypeLiteral(ast)) {
      const named = Option.orElse(AST.getJSONIdentifierAnnotation(ast), () => AST.getIdentifierAnnotation(ast))
      const name = Option.getOrElse(named, () => place)
      for (const property of ast.propertySignatures) walk(property.type, `${name}.${String(property.name)}`)
      for (const { type } of ast.indexSignatures) walk(type, name)
    }
  }
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint: { path }, successes }) => {
      for (const { ast } of successes.values()) Option.map(ast, (one) => walk(one, path))
    },
  })
  return found
}

it("every closed list of an answer takes a word that is not known yet, but for those that are named here", () => {
  const found = closedLists()
  expect([...found].filter((place) => !fixed.has(place))).toEqual([])
  expect([...fixed].filter((place) => !found.has(place))).toEqual([])
})

it("an agent may have a list that is not known yet", () => {
  const capabilities = { "start-thread": true, "resume-thread": true, "send-turn": true, steer: true, interrupt: true }
  const agent = {
    name: "a",
    kind: "b",
    model: null,
    capabilities: { ...capabilities, answer: true, stop: true, sharesConnection: true, lists: ["models", "hats"] },
  }
  expect(Schema.decodeUnknownSync(AgentList)({ items: [agent] }).items[0]?.capabilities.lists).toEqual([
    "models",
    "hats",
  ])
})

it("a rule and a part of a message may be of a kind that is not known yet, and keep their fields", () => {
  const rules = [
    { action: "wait" },
    { action: "ask-another", who: ["a"], kind: "hat" },
    { action: "accept", afterMs: 5, kind: "hat" },
  ]
  const detail = Schema.decodeUnknownSync(ThreadDetail.pick("unattended"))({ unattended: rules })
  expect(detail.unattended).toEqual(rules)
  const parts = [
    { type: "text", text: "Look" },
    { type: "smell", of: { what: "coffee" } },
  ]
  expect(Schema.decodeUnknownSync(TurnView.pick("parts"))({ parts }).parts).toEqual(parts)
})
