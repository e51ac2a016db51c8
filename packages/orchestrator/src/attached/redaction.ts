/** Redaction of what adapters push. A secret that is split over two lines is not found: each line stays one event. */
import { type AttachRequest, isEventType } from "@threadfold/contracts"
import { type HeldSecrets, makeRedactor, type Redactor } from "@threadfold/providers"
import type { LineEvent, LineRules } from "./lines.js"

export interface AttachedRedaction extends Pick<LineRules, "redact" | "redactText"> {
  /** A registration without what must not be recorded. */
  readonly registration: (body: AttachRequest) => AttachRequest
}

/** An adapter's channel keeps its form. */
const channelOf = (channel: string | null, redactor: Redactor): string | null => {
  const [kind, name] = channel?.split(":", 2) ?? []
  return name === undefined ? channel : `${kind}:${redactor.name(name)}`
}

const nativeOf = (native: LineEvent["native"], { id }: Redactor): LineEvent["native"] => {
  let clean = native
  for (const [name, value] of Object.entries(native ?? {})) {
    const left = value === undefined ? value : id(value)
    // A copy only where there is something to take out.
    if (left !== value) clean = { ...clean, [name]: left }
  }
  return clean
}

/** The redaction of one server; nothing is taken out where no secret is held. */
export const attachedRedaction = (secrets: HeldSecrets | null): AttachedRedaction => {
  const redactor = secrets === null ? null : makeRedactor(secrets)
  if (redactor === null) return { redact: (event) => event, redactText: (text) => text, registration: (body) => body }
  const { id, name, text } = redactor
  const maybe = (value: string | undefined, clean: (value: string) => string) =>
    value === undefined ? value : clean(value)
  return {
    redactText: text,
    // Each member by its name: a copy of what is left of an object costs as much as the redaction.
    redact: ({ at, channel, native, payload, raw, seq, type, v }) => ({
      type: isEventType(type) ? type : name(type),
      v,
      channel: channelOf(channel, redactor),
      seq,
      at,
      native: nativeOf(native, redactor),
      payload: redactor.value(payload),
      raw: typeof raw === "string" ? text(raw) : raw,
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
