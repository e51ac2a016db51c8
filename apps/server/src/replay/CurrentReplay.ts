/** The replay that a server serves, where it serves one. */
import type { ReplayControl, ReplayView } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { Context, type Effect } from "effect"

export interface ReplayService {
  readonly view: Effect.Effect<ReplayView>
  /** Fails with `invalid-request`. */
  readonly control: (body: ReplayControl) => Effect.Effect<ReplayView, Problem>
}

/** The replay; null: the server runs agents. */
export class CurrentReplay extends Context.Reference<CurrentReplay>()("@threadfold/server/CurrentReplay", {
  defaultValue: (): ReplayService | null => null,
}) {}
