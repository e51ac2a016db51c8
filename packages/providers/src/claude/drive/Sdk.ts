/** The Claude Agent SDK, as far as we use it. It is loaded at run time, so its shape is checked before use. */
import { pathToFileURL } from "node:url"
import { Effect } from "effect"
import { ConnectionLost } from "../../ProviderDriver.js"
import { type LocateOptions, locateSdk } from "./locateSdk.js"

/** A running conversation: its messages and its operations. */
export interface SdkQuery extends AsyncIterable<unknown> {
  readonly interrupt: () => Promise<unknown>
  readonly setModel: (model: string) => Promise<unknown>
  readonly setPermissionMode: (mode: string) => Promise<unknown>
  /** Merges settings into those of the session. Absent in older versions. */
  readonly applyFlagSettings?: (settings: Readonly<Record<string, unknown>>) => Promise<unknown>
  /** Changes files back to what they were at a message of the user. Older versions have no such call. */
  readonly rewindFiles?: (messageId: string, options?: { readonly dryRun: boolean }) => Promise<unknown>
  /** Ends one background task. Older versions have no such call. */
  readonly stopTask?: (taskId: string) => Promise<unknown>
  readonly supportedModels?: () => Promise<unknown>
  readonly supportedCommands?: () => Promise<unknown>
  readonly accountInfo?: () => Promise<unknown>
  readonly mcpServerStatus?: () => Promise<unknown>
  /** Releases the process and everything that waits. */
  readonly close: () => void
}

export interface QueryParameters {
  readonly prompt: AsyncIterable<unknown>
  readonly options: Readonly<Record<string, unknown>>
}

export interface Sdk {
  readonly query: (parameters: QueryParameters) => SdkQuery
  /** Version of its package. */
  readonly version: string
}

const isFunction = (value: object, name: string): boolean =>
  name in value && typeof Reflect.get(value, name) === "function"

const isQuery = (value: unknown): value is SdkQuery =>
  typeof value === "object" &&
  value !== null &&
  Symbol.asyncIterator in value &&
  ["interrupt", "setModel", "setPermissionMode", "close"].every((name) => isFunction(value, name))

interface Module {
  readonly query: (parameters: QueryParameters) => unknown
}

const isModule = (value: unknown): value is Module =>
  typeof value === "object" && value !== null && isFunction(value, "query")

const lost = (message: string): ConnectionLost => new ConnectionLost({ provider: "claude", message })

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Finds and loads the SDK. The failure says what to install. */
export const loadSdk = (options: LocateOptions): Effect.Effect<Sdk, ConnectionLost> =>
  Effect.gen(function* () {
    const located = locateSdk(options)
    if ("problem" in located) return yield* lost(located.problem)
    const module = yield* Effect.tryPromise({
      try: async (): Promise<unknown> => import(pathToFileURL(located.module).href),
      catch: (error) => lost(`The Claude Agent SDK at ${located.module} could not be loaded: ${reasonOf(error)}`),
    })
    if (!isModule(module)) return yield* lost(`The module ${located.module} is not the Claude Agent SDK.`)
    return {
      version: located.version,
      query: (parameters) => {
        const query = module.query(parameters)
        if (isQuery(query)) return query
        throw new Error(`version ${located.version} of the Claude Agent SDK is too old: install 0.3 or a later one`)
      },
    }
  })
