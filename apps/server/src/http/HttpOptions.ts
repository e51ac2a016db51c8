/** Options of the HTTP server. */
import type { Problem } from "@threadfold/contracts/problem"
import { Context, Effect } from "effect"
import type { ServerSecrets } from "../config/ServerSecrets.js"
import type { AgentCheck } from "../doctor/Report.js"
import type { ImportLimits } from "../imports/ImportSettings.js"
import type { ReplayService } from "../replay/CurrentReplay.js"
import type { OtherLimits } from "./HttpLimits.js"

/** What a call is refused with by its method and path; null: it may pass. */
export type Refuse = (method: string, path: string) => Pick<Problem, "slug" | "detail"> | null

export interface HttpOptions {
  /** The data directory: the token and the discovery file are kept there. */
  readonly dataDir: string
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string
  /** Port to listen on; 0 (the default): a free one. */
  readonly port?: number
  /** Must be true for an address that is not loopback. */
  readonly allowRemote?: boolean
  /** Further names under which the server may be called, without port; only with `allowRemote`. */
  readonly allowedHosts?: readonly string[]
  /** Origins of UIs that may call, as browsers send them (`parseOrigin`). */
  readonly allowedOrigins?: readonly string[]
  /** Version that the server shows as its own. */
  readonly version: string
  /** The folder of the built web page; absent: the one that comes with the program. */
  readonly pageFolder?: string
  /** What counts the redactions of secrets. Default: nothing does. */
  readonly secrets?: Pick<ServerSecrets, "removed">
  /** What is allowed of imports; default {@link defaultImportLimits}. */
  readonly imports?: ImportLimits
  /** Takes the lines of the access log, by default standard error; null: there is none. */
  readonly accessLog?: ((line: string) => void) | null
  /** The replay that it serves; absent: none. */
  readonly replay?: ReplayService
  /** Refuses calls by method and path before any route; absent: none is refused so. */
  readonly refuse?: Refuse
  /** True: it runs statements over the views (`POST /v1/sql`). */
  readonly sql?: boolean
  /** Limits that differ from the defaults. */
  readonly limits?: OtherLimits
}

/** Version that the server shows as its own. */
export class ServerVersion extends Context.Tag("@threadfold/server/ServerVersion")<ServerVersion, string>() {}

export interface AgentChecksService {
  /** Looks at an agent, configured or known by its name. Null: there is none of this name, or nothing is known of agents here. */
  readonly check: (name: string) => Effect.Effect<AgentCheck | null>
}

/** What there is of agents on this machine, as `threadfold doctor` finds it. Where nothing is provided, nothing is known. */
export class AgentChecks extends Context.Reference<AgentChecks>()("@threadfold/server/AgentChecks", {
  defaultValue: (): AgentChecksService => ({ check: () => Effect.succeed(null) }),
}) {}
