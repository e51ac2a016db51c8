/** Where the data directory is when neither an option nor the environment names one; and that it holds nothing. */
import { homedir, userInfo } from "node:os"
import { isAbsolute, join, resolve, win32 } from "node:path"
import { Data, Effect, Option } from "effect"
import { type EnvironmentInvalid, readVariable, variables } from "../config/Environment.js"

/** The data directory holds no database, and no process owns it. */
export class NoDatabaseIn extends Data.TaggedError("NoDatabaseIn")<{ readonly directory: string }> {
  override get message(): string {
    return `There is no database in ${this.directory}.`
  }
}

/** The machine as far as the choice depends on it. */
export interface Machine {
  readonly platform: NodeJS.Platform
  readonly env: {
    readonly THREADFOLD_DATA_DIR?: string | undefined
    readonly XDG_DATA_HOME?: string | undefined
    readonly LOCALAPPDATA?: string | undefined
  }
  /** Home directory of the user. */
  readonly home: string
}

/** The home directory that is named, where its path is absolute: an empty HOME would make the current directory one. */
export const homeOf = (named: string, known: () => string): string => (isAbsolute(named) ? named : known())

/** This machine. */
const thisMachine: Effect.Effect<Machine, EnvironmentInvalid> = Effect.gen(function* () {
  return {
    platform: process.platform,
    env: {
      THREADFOLD_DATA_DIR: Option.getOrUndefined(yield* readVariable(variables.dataDirectory)),
      XDG_DATA_HOME: Option.getOrUndefined(yield* readVariable(variables.xdgDataHome)),
      LOCALAPPDATA: Option.getOrUndefined(yield* readVariable(variables.localAppData)),
    },
    home: homeOf(homedir(), () => userInfo().homedir),
  }
})

const set = (value: string | undefined): value is string => value !== undefined && value !== ""

/**
 * `$THREADFOLD_DATA_DIR`, else the usual place of the platform: `$XDG_DATA_HOME/threadfold` (the XDG base directory
 * specification; `~/.local/share` where it is not set), `~/Library/Application Support/threadfold` on macOS,
 * `%LOCALAPPDATA%\threadfold` on Windows.
 */
export const defaultDataDirectory = ({ env, home, platform }: Machine): string => {
  if (set(env.THREADFOLD_DATA_DIR)) return resolve(env.THREADFOLD_DATA_DIR)
  if (platform === "darwin") return join(home, "Library", "Application Support", "threadfold")
  if (platform === "win32") {
    return join(
      set(env.LOCALAPPDATA) && win32.isAbsolute(env.LOCALAPPDATA) ? env.LOCALAPPDATA : join(home, "AppData", "Local"),
      "threadfold",
    )
  }
  // The specification: a relative path in the variable is invalid and to be ignored.
  const base = env.XDG_DATA_HOME
  return join(set(base) && base.startsWith("/") ? base : join(home, ".local", "share"), "threadfold")
}

/** The data directory of this machine where no option names one. */
export const usualDataDirectory: Effect.Effect<string, EnvironmentInvalid> = Effect.map(
  thisMachine,
  defaultDataDirectory,
)
