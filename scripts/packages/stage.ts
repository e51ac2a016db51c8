/** The folder of a package as it is passed on: what a reader's machine needs, and nothing of the workspace. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import { packages, root } from "../tools.mjs"
import { thirdPartyNotices } from "./notices.js"
import { writePublicTypes } from "./publicTypes.js"

interface SourceManifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly type: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly exports: unknown }
}

const readManifest = (folder: string): SourceManifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

/** The version that is installed for a package of the workspace: the one of the catalog. */
const installedVersion = (folder: string, name: string): string =>
  readManifest(join(folder, "node_modules", ...name.split("/"))).version

const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

/** What every package says of itself. */
const common = ({ license, type, version }: SourceManifest) => ({ version, license, type, engines })

const writeManifest = (staged: string, manifest: object): void =>
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`)

/** A page of a package: a link to a file that does not come along is its text alone. */
const copyPage = (from: string, to: string): void => {
  const isThere = (target: string): boolean => /^(https?:|#)/.test(target) || existsSync(join(dirname(to), target))
  const page = readFileSync(from, "utf8").replace(
    /\[([^\]]+)\]\(([^)\s]+)\)/g,
    (whole, text: string, target: string) => (isThere(target) ? whole : text),
  )
  writeFileSync(to, page)
}

const isBuildOnly = (file: string): boolean => /\.map$|\.tsbuildinfo$/.test(file) || basename(file) === "samples"

/** Copies built files. Source maps stay: they name files that do not come along. */
const copyBuilt = (from: string, to: string, isWanted: (name: string) => boolean = () => true): void => {
  cpSync(from, to, { recursive: true, filter: (file) => !isBuildOnly(file) && isWanted(relative(from, file)) })
  for (const name of readdirSync(to, { recursive: true, encoding: "utf8" })) {
    const file = join(to, name)
    if (!/\.(js|d\.ts)$/.test(name) || !statSync(file).isFile()) continue
    const text = readFileSync(file, "utf8")
    const without = text.replace(/\n?\/\/# sourceMappingURL=\S+\.map\s*$/, "\n")
    if (without !== text) writeFileSync(file, without)
  }
}

/** A library of the workspace: its modules as the compiler made them. */
const stageLibrary = (name: string, staged: string): void => {
  const folder = join(root, "packages", name)
  const manifest = readManifest(folder)
  const versionOf = (dependency: string): string => {
    const own = packages.find((one) => one.manifest.name === dependency)
    // Ours are made together and belong together.
    return own === undefined ? `^${installedVersion(folder, dependency)}` : readManifest(join(root, own.folder)).version
  }
  copyBuilt(join(folder, "dist"), join(staged, "dist"))
  if (name === "client") cpSync(join(folder, "examples"), join(staged, "examples"), { recursive: true })
  copyPage(join(folder, "README.md"), join(staged, "README.md"))
  writeManifest(staged, {
    name: manifest.name,
    description: manifest.description,
    ...common(manifest),
    sideEffects: false,
    exports: manifest.publishConfig?.exports,
    dependencies: Object.fromEntries(Object.keys(manifest.dependencies).map((one) => [one, versionOf(one)])),
  })
}

/** What a program can do without: they make `ws` faster where someone has installed them. */
const optional = ["bufferutil", "utf-8-validate"]

/** The program: one bundle of the whole workspace, with the library and its types. */
const stageProgram = async (staged: string): Promise<void> => {
  const folder = join(root, "apps", "server")
  const manifest = readManifest(folder)
  const dist = join(folder, "dist")
  const page = join(dist, "page")
  const built: { bundled: readonly string[]; loaded: readonly string[] } = JSON.parse(
    readFileSync(join(dist, "bundled.json"), "utf8"),
  )
  // V8's form of the program is for this Node alone: it is made anew where the package is installed.
  copyBuilt(dist, join(staged, "dist"), (name) => !/^compiled-|^bundled\.json$/.test(name))
  mkdirSync(join(staged, "examples"))
  const example = "codex-02-approval-untrusted-accept.jsonl"
  cpSync(join(folder, "examples", example), join(staged, "examples", example))
  copyPage(join(folder, "PACKAGE.md"), join(staged, "README.md"))
  const shown = existsSync(page) ? runtimePackages(join(root, "apps", "inspector")) : []
  const notices = thirdPartyNotices([...built.bundled.map((path) => join(folder, path)), ...shown])
  writeFileSync(join(staged, "THIRD-PARTY-NOTICES"), notices)
  const typed = await writePublicTypes("apps/server", "src/embedded.ts", join(staged, "dist", "library.d.ts"))
  const loaded = built.loaded.filter((name) => !optional.includes(name))
  writeManifest(staged, {
    name: "threadfold",
    description: manifest.description,
    ...common(manifest),
    keywords: ["agents", "codex", "claude", "acp", "event-sourcing", "sqlite"],
    bin: { threadfold: "dist/threadfold.js" },
    exports: { ".": { types: "./dist/library.d.ts", default: "./dist/library.js" } },
    // Without it the modules are loaded, which takes longer: no reason to fail an installation.
    scripts: { postinstall: "node dist/compile.js . || exit 0" },
    dependencies: Object.fromEntries(loaded.map((name) => [name, installedVersion(folder, name)])),
    // Only types name them, and programs on Effect have them.
    peerDependencies: Object.fromEntries(typed.map((name) => [name, `^${installedVersion(folder, name)}`])),
    peerDependenciesMeta: Object.fromEntries(typed.map((name) => [name, { optional: true }])),
  })
}

/** The folders of what a package needs when it runs, and of what that needs. */
const runtimePackages = (folder: string): readonly string[] => {
  const found = new Set<string>()
  const add = (from: string): void => {
    for (const name of Object.keys(readManifest(from).dependencies ?? {})) {
      const place = installedIn(from, name)
      if (place === null || found.has(place)) continue
      if (!packages.some(({ manifest }) => manifest.name === name)) found.add(place)
      add(place)
    }
  }
  add(folder)
  return [...found]
}

/** Where Node finds a package from a folder; null: it is optional, and not here. */
const installedIn = (from: string, name: string): string | null => {
  for (let place = realpathSync(from); place !== dirname(place); place = dirname(place)) {
    const found = join(place, "node_modules", ...name.split("/"))
    if (existsSync(found)) return realpathSync(found)
  }
  return null
}

/** Throws where a file tells of the machine that packed, or of the workspace. */
const checkStaged = (staged: string): void => {
  for (const name of readdirSync(staged, { recursive: true, encoding: "utf8" })) {
    const file = join(staged, name)
    if (!statSync(file).isFile()) continue
    const text = readFileSync(file, "latin1")
    if (text.includes(root)) throw new Error(`${name} names a folder of this machine.`)
    if (/"(workspace|catalog):/.test(text) && basename(name) === "package.json") {
      throw new Error(`${name} points into the workspace.`)
    }
    if (/\.[cm]?js$|\.d\.ts$/.test(name) && /^\/\/# sourceMappingURL=.*\.map$/m.test(text)) {
      throw new Error(`${name} names a source map that is not there.`)
    }
  }
}

/**
 * Fills an empty folder with a package as it is passed on.
 *
 * @param name `server` for the program, or the folder of a library
 */
export const stage = async (name: string, staged: string): Promise<void> => {
  cpSync(join(root, "LICENSE"), join(staged, "LICENSE"))
  if (name === "server") await stageProgram(staged)
  else stageLibrary(name, staged)
  checkStaged(staged)
}
