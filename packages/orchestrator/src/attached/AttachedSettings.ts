/** What an attached session may push, and what is never recorded of it. */
import type { HeldSecrets } from "@threadfold/providers"
import { Context } from "effect"

export interface AttachedSettingsShape {
  /** Longest line of a push, bytes; a longer one is `line-too-long`. */
  readonly maxLineBytes: number
  /** Secrets that are redacted before anything is recorded; null: none is held. */
  readonly secrets: HeldSecrets | null
}

/** Lines of 1 MiB, and no secrets. */
export const defaultAttachedSettings: AttachedSettingsShape = { maxLineBytes: 1024 * 1024, secrets: null }

/** The settings of attached sessions; {@link defaultAttachedSettings} unless others are provided. */
export class AttachedSettings extends Context.Reference<AttachedSettings>()(
  "@threadfold/orchestrator/AttachedSettings",
  {
    defaultValue: () => defaultAttachedSettings,
  },
) {}
