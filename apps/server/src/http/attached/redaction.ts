/** What must not be recorded of a pushed line. A secret that two lines tell together is not seen: each stays one event. */
import { type HeldSecrets, makeRemoval } from "@threadfold/providers"
import type { LineRules } from "./lines.js"

/** The redaction of lines; nothing is taken out where no secret is held. */
export const lineRedaction = (secrets?: HeldSecrets): Pick<LineRules, "redact" | "redactText"> => {
  const removal = secrets === undefined ? null : makeRemoval(secrets)
  if (removal === null) return { redact: (event) => event, redactText: (text) => text }
  return {
    redactText: removal.text,
    redact: ({ payload, raw, ...event }) => ({
      ...event,
      payload: removal.value(payload),
      ...(typeof raw === "string" ? { raw: removal.text(raw) } : { raw }),
    }),
  }
}
