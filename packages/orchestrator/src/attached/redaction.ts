/** Redaction of what adapters push. A secret that is split over two lines is not found: each line stays one event. */
import { type AttachRequest, isEventType } from "@threadfold/contracts"
import type { EventDraft } from "@threadfold/engine"
import { type HeldSecrets, makeRedactor, type Redactor } from "@threadfold/providers"
import type { LineRules } from "./lines.js"

export interface AttachedRedaction extends Pick<LineRules, "redact" | "redactText"> {
  /** A registration without what must not be recorded. */
  readonly registration: (body: AttachRequest) => AttachRequest
}

/** An adapter's channel keeps its form. */
const channelOf = (channel: string | null, redactor: Redactor): string | null => {
  const [kind, name] = channel?.split(":", 2) ?? []
  return name === undefined ? channel : `${kind}:${redactor.name(name)}`
}

const nativeOf = (native: EventDraft["event"]["native"], { id }: Redactor): EventDraft["event"]["native"] =>
  native === undefined || native === null
    ? native
    : Object.fromEntries(Object.entries(native).map(([name, value]) => [name, value === undefined ? value : id(value)]))

/** The redaction of one server; nothing is taken out where no secret is held. */
export const attachedRedaction = (secrets: HeldSecrets | null): AttachedRedaction => {
  const redactor = secrets === null ? null : makeRedactor(secrets)
  if (redactor === null) return { redact: (event) => event, redactText: (text) => text, registration: (body) => body }
  const { id, name, text } = redactor
  const maybe = (value: string | undefined, clean: (value: string) => string) =>
    value === undefined ? value : clean(value)
  return {
    redactText: text,
    redact: ({ channel, native, payload, raw, type, ...event }) => ({
      ...event,
      type: isEventType(type) ? type : name(type),
      channel: channelOf(channel, redactor),
      native: nativeOf(native, redactor),
      payload: redactor.value(payload),
      ...(typeof raw === "string" ? { raw: text(raw) } : { raw }),
    }),
    registration: (body) => ({
      ...body,
      provider: name(body.provider),
      nativeThreadId: maybe(body.nativeThreadId, id),
      title: maybe(body.title, text),
      cwd: maybe(body.cwd, text),
    }),
  }
}
