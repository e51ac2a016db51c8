/**
 * Finds the Claude Agent SDK. It is no dependency of ours (with its program it is some 400 MB): whoever wants Claude installs
 * it, and this looks where npm puts it.
 */
import { existsSync, readFileSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, dirname, join, resolve } from "node:path"
import { isFields } from "../../wire/read.js"

export const sdkPackage = "@anthropic-ai/claude-agent-sdk"

export interface LocateOptions {
  /** The package's folder, or its entry module; then nothing else is looked at. */
  readonly sdk?: string | undefined
  /** Our data directory: `npm install --prefix` puts it there. */
  readonly dataDirectory?: string | undefined
}

export interface LocatedSdk {
  /** Absolute path of the entry module. */
  readonly module: string
  /** Version, as its package says. */
  readonly version: string
}

export interface MissingSdk {
  /** Where it was looked for, and how to get it: sentences for a person. */
  readonly problem: string
}

/** Where npm installs for all: beside this Node, at the configured prefix, and on `NODE_PATH`. */
const globalFolders = (): readonly string[] => {
  const bin = dirname(process.execPath)
  const prefix = process.env.npm_config_prefix
  const paths = process.env.NODE_PATH?.split(delimiter).filter((path) => path !== "") ?? []
  const beside = process.platform === "win32" ? join(bin, "node_modules") : join(dirname(bin), "lib", "node_modules")
  return [...(prefix === undefined ? [] : [join(prefix, "lib", "node_modules")]), beside, ...paths]
}

/** The entry module of a package in a folder, as Node resolves it. */
const entryOf = (folder: string): string | null => {
  try {
    return createRequire(join(folder, "package.json")).resolve(folder)
  } catch {
    return null
  }
}

const versionOf = (module: string): string => {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json")
    if (existsSync(manifest)) {
      const read: unknown = JSON.parse(readFileSync(manifest, "utf8"))
      return isFields(read) && typeof read.version === "string" ? read.version : "unknown"
    }
    if (dirname(folder) === folder) return "unknown"
  }
}

/** The SDK at a path that somebody named. */
const named = (path: string): LocatedSdk | MissingSdk => {
  const at = resolve(path)
  if (!existsSync(at)) return { problem: `There is no Claude Agent SDK at ${at}. Correct the sdk of this provider.` }
  const module = statSync(at).isDirectory() ? entryOf(at) : at
  return module === null
    ? { problem: `The folder ${at} is no npm package. Set the sdk of this provider to the folder of ${sdkPackage}.` }
    : { module, version: versionOf(module) }
}

/** `node_modules` of the folders above, as Node looks for packages. */
const foldersAbove = (start: string): readonly string[] => {
  const folders: string[] = []
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    folders.push(join(folder, "node_modules"))
    if (dirname(folder) === folder) return folders
  }
}

/** Where the SDK is, or why it is not there. */
export const locateSdk = ({ dataDirectory, sdk }: LocateOptions): LocatedSdk | MissingSdk => {
  if (sdk !== undefined) return named(sdk)
  const here = foldersAbove(process.cwd())
  const data = dataDirectory === undefined ? [] : [join(dataDirectory, "node_modules")]
  const modules = [...data, ...here, ...globalFolders()]
  for (const folder of modules) {
    const module = entryOf(join(folder, ...sdkPackage.split("/")))
    if (module !== null) return { module, version: versionOf(module) }
  }
  const how =
    dataDirectory === undefined
      ? `npm install --global ${sdkPackage}`
      : `npm install --prefix ${dataDirectory} ${sdkPackage}`
  return {
    problem: `The Claude Agent SDK is not installed. Install it with \`${how}\`, or set the sdk of this provider to its folder.`,
  }
}
