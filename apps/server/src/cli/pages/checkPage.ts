/** The pages of `check`: what is broken, and the list of invariants. */
import type { CheckReport } from "@threadfold/contracts"
import type { Invariant } from "@threadfold/core"
import { type Look, oneLine } from "../text/Look.js"
import { counted } from "../text/words.js"

/** One invariant as `check --list` shows it. */
type Listed = Pick<Invariant, "id" | "kind" | "severity" | "text">

/** Every invariant with its sentence, those of a kind together. */
export const invariantsPage = (look: Look, invariants: readonly Listed[]): string =>
  invariants
    .map(
      ({ id, severity, text }) =>
        `${look.bold(id)}${severity === "warning" ? look.dim(" (warning)") : ""}\n  ${text}\n`,
    )
    .join("")

export const checkPage = (look: Look, { ok, violations }: CheckReport): string =>
  ok
    ? `${look.good("All invariants hold.")}\n`
    : [
        look.bad(`${counted(violations.length, "violation")}.`),
        ...violations.flatMap((one) => [
          "",
          `${look.bold(one.invariant)} ${look.dim(`(${one.kind})`)}`,
          `  thread ${one.threadId}`,
          `  event  ${one.eventId ?? "-"}${one.sequence === null ? "" : ` (sequence ${one.sequence})`}`,
          `  ${oneLine(one.detail)}`,
        ]),
        "",
      ].join("\n")
