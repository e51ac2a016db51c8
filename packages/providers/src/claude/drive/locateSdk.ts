/**
 * Finds the Claude Agent SDK. It is no dependency of ours, because it has about 400 MB with its program. A user who wants
 * Claude installs it. npm puts it in our data directory, among our own dependencies, or where it installs for all users, so
 * these places are searched. The current directory is not: the SDK runs inside our process, and a cloned repository may hold
 * a foreign copy.
 */
import { existsSync, readFileSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, delimiter, dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import type { PassedOver } from "../../process/programs.js"
import { untrustedFolders, whyUntrusted } from "../../process/untrustedFolders.js"
import { isFields } from "../../runtime/readFields.js"

export const sdkPackage = "@anthropic-ai/claude-agent-sdk"

export interface LocateOptions {
  /** The folder of the package, or its entry module. Then no other place is searched. */
  readonly sdk?: string | undefined
  /** Our data directory, for an SDK that `npm install --prefix` put there. */
  readonly dataDirectory?: string | undefined
  /** The folder of the thread, which is not trusted. */
  readonly folder?: string | undefined
}

export interface LocatedSdk {
  /** Absolute path of the entry module. */
  readonly module: string
  /** Version of its package. */
  readonly version: string
  /** Why this one was taken, as part of a sentence. */
  readonly why: string
  /** The copies that were found before it and not taken. */
  readonly passedOver: readonly PassedOver[]
}

export interface MissingSdk {
  /** What is missing and how to install it, in sentences for a person. */
  readonly problem: string
  /** The copies that were found and not taken. */
  readonly passedOver: readonly PassedOver[]
}

/** A folder in which packages are searched. */
interface Modules {
  readonly folder: string
  /** Where the folder is, to follow "it is installed". */
  readonly why: string
  /** True: it is trusted wherever it is. */
  readonly trusted: boolean
}

/** The folders where npm installs for all users: beside this Node, at the configured prefix, and on `NODE_PATH`. */
const globalModules = (): readonly Modules[] => {
  const bin = dirname(process.execPath)
  const prefix = process.env.npm_config_prefix
  const paths = process.env.NODE_PATH?.split(delimiter).filter((path) => path !== "") ?? []
  const beside = process.platform === "win32" ? join(bin, "node_modules") : join(dirname(bin), "lib", "node_modules")
  return [
    // npm sets this variable for the scripts of a project, so it is not trusted.
    ...(prefix === undefined || prefix === ""
      ? []
      : [{ folder: join(prefix, "lib", "node_modules"), why: "at the configured prefix of npm", trusted: false }]),
    { folder: beside, why: "beside the Node that runs the server", trusted: true },
    ...paths.map((folder) => ({ folder, why: "on NODE_PATH", trusted: false })),
  ]
}

/** The `node_modules` folder of our package, and those that hold our package. */
const ownModules = (): readonly Modules[] => {
  const own: string[] = []
  let isPackage = true
  for (let folder = dirname(fileURLToPath(import.meta.url)); dirname(folder) !== folder; folder = dirname(folder)) {
    if (basename(folder) === "node_modules") own.push(folder)
    else if (isPackage && existsSync(join(folder, "package.json"))) {
      own.push(join(folder, "node_modules"))
      isPackage = false
    }
  }
  return own.map((folder) => ({ folder, why: "among the packages of this program", trusted: true }))
}

/** The folders that Node would search from the current directory. They are only reported: no copy is taken from them. */
const modulesAbove = (start: string): readonly Modules[] => {
  const folder = { folder: join(start, "node_modules"), why: "above the current directory", trusted: false }
  return dirname(start) === start ? [folder] : [folder, ...modulesAbove(dirname(start))]
}

/** The entry module of the package in a folder, as Node resolves it. */
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

/** The SDK at a configured path. */
const named = (path: string): LocatedSdk | MissingSdk => {
  const missing = (problem: string): MissingSdk => ({ problem, passedOver: [] })
  const at = resolve(path)
  if (!existsSync(at)) return missing(`There is no Claude Agent SDK at ${at}. Correct the sdk of this provider.`)
  const module = statSync(at).isDirectory() ? entryOf(at) : at
  return module === null
    ? missing(`The folder ${at} is no npm package. Set the sdk of this provider to the folder of ${sdkPackage}.`)
    : { module, version: versionOf(module), why: "the sdk of this provider names it", passedOver: [] }
}

/** Finds the SDK, or the reason why there is none. */
export const locateSdk = ({ dataDirectory, folder: threadFolder, sdk }: LocateOptions): LocatedSdk | MissingSdk => {
  if (sdk !== undefined) return named(sdk)
  const data =
    dataDirectory === undefined
      ? []
      : [{ folder: join(dataDirectory, "node_modules"), why: "in the data directory", trusted: true }]
  const untrusted = untrustedFolders(threadFolder)
  const passedOver: PassedOver[] = []
  for (const { folder, trusted, why } of [
    ...data,
    ...ownModules(),
    ...modulesAbove(process.cwd()),
    ...globalModules(),
  ]) {
    const place = join(folder, ...sdkPackage.split("/"))
    const module = entryOf(place)
    if (module === null) continue
    const reason = trusted ? null : (whyUntrusted(place, untrusted) ?? whyUntrusted(module, untrusted))
    if (reason === null) return { module, version: versionOf(module), why: `it is installed ${why}`, passedOver }
    passedOver.push({ path: place, why: reason })
  }
  const how =
    dataDirectory === undefined
      ? `npm install --global ${sdkPackage}`
      : `npm install --prefix ${dataDirectory} ${sdkPackage}`
  const [other] = passedOver
  const found = other === undefined ? "" : ` The one at ${other.path} is not used: ${other.why}.`
  return {
    problem: `The Claude Agent SDK is not installed. Install it with \`${how}\`, or set the sdk of this provider to its folder.${found}`,
    passedOver,
  }
}
