/** Events in the OpenAPI document: a component for each event type, so that a generated client has the type of each payload. */
import { SchemaAST as AST, Option, type Schema } from "effect"
import { events } from "../Events.js"
import { EventEnvelope } from "../entities/EventEnvelope.js"
import { titleOf } from "../fields.js"
import { EventDetail } from "./Shapes.js"

const refTo = (component: string) => ({ $ref: `#/components/schemas/${component}` })

/** `turn.after-end-settled` → `TurnAfterEndSettledEvent`. */
const componentName = (type: string): string =>
  `${type.replace(/(^|[.-])([a-z])/g, (_, _separator, letter: string) => letter.toUpperCase())}Event`

const annotation = (schema: Schema.Schema.Any, get: (annotated: AST.Annotated) => Option.Option<string>): string =>
  Option.getOrElse(get(schema.ast), () => "")

/** An envelope whose `type` and other fields are narrowed. */
const narrowed = (name: string, description: string, properties: object) => ({
  title: titleOf(name),
  description,
  allOf: [refTo("EventEnvelope"), { type: "object", required: Object.keys(properties), properties }],
})

const known = Object.entries(events).map(([type, payload]) => ({
  type,
  name: componentName(type),
  payload: annotation(payload, AST.getJSONIdentifierAnnotation),
  description: annotation(payload, AST.getDescriptionAnnotation),
}))

/** The schemas that the components of {@link eventComponents} refer to: the envelope, and the payload of each event type. */
export const eventSchemas: readonly Schema.Schema.All[] = [EventEnvelope, ...new Set(Object.values(events))]

/** `KnownEvent`: a union of one component for each event type; `type` is the discriminator. */
const knownEvent = {
  title: "Known event",
  description: "An event of a type that this version knows. `type` says which, and with it what `payload` is.",
  oneOf: known.map(({ name }) => refTo(name)),
  discriminator: {
    propertyName: "type",
    mapping: Object.fromEntries(known.map(({ name, type }) => [type, refTo(name).$ref])),
  },
}

/** The components by name. An event of a type that this version does not know is an `UnknownEvent`: its payload is any JSON. */
export const eventComponents: Readonly<Record<string, object>> = {
  EventType: {
    title: "Event type",
    description: "The event types of this version.",
    type: "string",
    enum: known.map(({ type }) => type),
  },
  ...Object.fromEntries(
    known.map(({ description, name, payload, type }) => [
      name,
      narrowed(name, `\`${type}\`: ${description}`, {
        type: { type: "string", enum: [type], description: "The event type." },
        payload: { ...refTo(payload), description: "What happened." },
      }),
    ]),
  ),
  KnownEvent: knownEvent,
  UnknownEvent: narrowed("UnknownEvent", "An event of a type that this version does not know.", {
    type: { type: "string", not: refTo("EventType"), description: "A type that is not in `EventType`." },
  }),
}

/**
 * The component of `EventDetail`: what it adds to the envelope, and a known or an unknown event.
 *
 * @param properties its properties, as they were derived from the schema
 */
export const eventComponent = (properties: Readonly<Record<string, unknown>>) => ({
  title: "Event",
  description: annotation(EventDetail, AST.getDescriptionAnnotation),
  properties: Object.fromEntries(
    Object.entries(properties).filter(([name]) => !Object.hasOwn(EventEnvelope.fields, name)),
  ),
  oneOf: [refTo("KnownEvent"), refTo("UnknownEvent")],
})
