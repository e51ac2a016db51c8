import type { HeldSecrets } from "../redaction/Redactor.js"

/** What a translator of any protocol is told about its connection. */
export interface TranslatorOptions {
  /** How the connection's events reach us. */
  readonly mode: "managed" | "attached" | "imported"
  /**
   * True: what the client sent becomes events too. False where the client is Threadfold itself and has appended them
   * already; its lines are then kept verbatim. Default: only for imports. What the lines lead to is told in both cases: a
   * turn that begins with its prompt, an answer of the agent.
   */
  readonly recordsClient?: boolean
  /** What must not be recorded, whoever says it. Default: nothing. */
  readonly secrets?: HeldSecrets
}
