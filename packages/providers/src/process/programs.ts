/** Finds programs as a shell does, but never in a folder that is not trusted. */
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import { type UntrustedFolder, untrustedFolders, whyUntrusted } from "./untrustedFolders.js"

type Environment = Readonly<Record<string, string | undefined>>

export interface ProgramSearch {
  /** The environment whose `PATH` is searched. */
  readonly env: Environment
  /** Folders from which no program is started. */
  readonly untrusted: readonly UntrustedFolder[]
  readonly platform?: NodeJS.Platform
}

/** A program that was found and not taken. */
export interface PassedOver {
  /** Its path as the search made it: relative for a relative entry of `PATH`. */
  readonly path: string
  /** Why it was not taken, as part of a sentence. */
  readonly why: string
}

export interface ProgramFound {
  /** Absolute path. Null: no program was found. */
  readonly file: string | null
  /** The programs that were found before it and not taken. */
  readonly passedOver: readonly PassedOver[]
}

/** The `PATH` for an environment without any trusted folder. An empty `PATH` would mean the working directory. */
const systemPath = "/usr/local/bin:/usr/bin:/bin"

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** Whether a command is a path, not a bare name. */
export const isPath = (command: string): boolean => command.includes("/") || command.includes("\\")

/** The name under which an environment has its `PATH`: Windows writes it `Path`. */
const pathName = (env: Environment): string => Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH"

/** The endings that Windows tries for a command without one. */
const endings = (platform: NodeJS.Platform, env: Environment): readonly string[] =>
  platform === "win32" ? ["", ...(env.PATHEXT ?? ".COM;.EXE;.BAT;.CMD").split(";")] : [""]

/** The program that a command starts. A path is taken as it is configured. A bare name is searched on `PATH`. */
export const findProgram = (
  command: string,
  { env, platform = process.platform, untrusted }: ProgramSearch,
): ProgramFound => {
  const named = isPath(command)
  const folders = named ? [""] : (env[pathName(env)] ?? "").split(delimiter)
  const passedOver: PassedOver[] = []
  for (const folder of folders) {
    for (const ending of endings(platform, env)) {
      const path = named ? `${command}${ending}` : join(folder === "" ? "." : folder, `${command}${ending}`)
      if (!isProgram(path)) continue
      const why = named ? null : whyUntrusted(path, untrusted)
      if (why === null) return { file: resolve(path), passedOver }
      passedOver.push({ path, why })
    }
  }
  return { file: null, passedOver }
}

/** Why a command that was found is not started, in a sentence for a person. */
export const notTrusted = (command: string, passedOver: readonly PassedOver[]): string => {
  const where = passedOver.map(({ path, why }) => `${path} (${why})`).join(", ")
  return `The command ${command} was found only where no program is run from: ${where}. If one of these is meant, set its full path as the command of this provider.`
}

/**
 * An environment whose `PATH` names only trusted folders. A script that starts with `#!/usr/bin/env node` searches its
 * interpreter there, starting from the working directory of the agent.
 */
export const withTrustedPath = (
  env: Readonly<Record<string, string>>,
  untrusted: readonly UntrustedFolder[] = untrustedFolders(),
): Record<string, string> => {
  const name = pathName(env)
  const trusted = (env[name] ?? "").split(delimiter).filter((folder) => whyUntrusted(folder, untrusted) === null)
  const fallback = process.platform === "win32" ? "" : systemPath
  return { ...env, [name]: trusted.length === 0 ? fallback : trusted.join(delimiter) }
}
