/**
 * The program and its threads as scripts beside the code that V8 had made of them when they were built. Loading them so takes half of what
 * compiling the modules takes, at the start of every command and of every thread; each loads the scripts that it needs. V8 takes such
 * code only in the version, on the platform and with the flags that it was made with; everywhere else the modules are loaded.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { createRequire, isBuiltin } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { Script } from "node:vm"

/** Names in the folder of the built program. */
export const compiledNames = {
  /** The scripts. `scripts/asScripts.mjs` makes them. */
  scripts: "compiled",
  /** What V8 of this Node made of each, under the same name. */
  caches: `compiled-${process.version}-${process.platform}-${process.arch}`,
} as const

/** The script of a thread or of the program. */
const scriptOf = (name: string): string => `${name}.cjs`

/** What a script exports, by its names. */
type Exports = Readonly<Record<string, unknown>>

/** The scripts of the built program in a folder. Each is run when it is first asked for. */
class Scripts {
  private readonly names: ReadonlySet<string>
  private readonly compiled = new Map<string, Script>()
  private readonly exports = new Map<string, Exports>()
  /** A file in the folder of the modules: what a script names lies there. */
  private readonly beside: string
  private readonly requireThere: NodeJS.Require

  /** @param cacheOf what V8 had made of a script */
  constructor(
    private readonly folder: string,
    private readonly cacheOf: (name: string) => Buffer | undefined,
  ) {
    this.names = new Set(readdirSync(join(folder, compiledNames.scripts)))
    this.beside = join(folder, scriptOf("program"))
    this.requireThere = createRequire(this.beside)
  }

  /** The script as V8 has it: a function that gives what it exports. */
  script(name: string): Script {
    const known = this.compiled.get(name)
    if (known !== undefined) return known
    const file = join(this.folder, compiledNames.scripts, name)
    const cachedData = this.cacheOf(name)
    // It is plain ASCII: one byte a character is read without decoding.
    const script = new Script(readFileSync(file, "latin1"), {
      filename: file,
      ...(cachedData === undefined ? {} : { cachedData }),
    })
    this.compiled.set(name, script)
    return script
  }

  program(): typeof import("./cli/main.js") {
    return this.run(scriptOf("program"))
  }

  /** `import` of a script. */
  readonly load = (name: string): Exports => this.exports.get(name) ?? this.run(name)

  /** V8's form of every script, with the functions that were called until now. */
  caches(): ReadonlyMap<string, Buffer> {
    return new Map(Array.from(this.names, (name) => [name, this.script(name).createCachedData()]))
  }

  private run(name: string) {
    const made = this.script(name).runInThisContext()(
      this.load,
      this.require,
      this.importLater,
      pathToFileURL(this.beside).href,
    )
    this.exports.set(name, made)
    return made
  }

  /** `import` of anything else. */
  private readonly require = (name: string): unknown => {
    // Node 20 takes a package's path for a real one, though a link leads to it, where the last `stat` of the process was that of a
    // pipe, such as standard output. This one is of a folder.
    if (!isBuiltin(name)) statSync(this.folder)
    return this.requireThere(name)
  }

  /** `import()`: where V8 has a script from its cache, Node does not know how to import for it. */
  private readonly importLater = (name: string): Promise<unknown> =>
    this.names.has(name) ? Promise.resolve(name).then(this.load) : import(name)
}

/** The scripts, where V8 takes what it had made of the first one that will be run; else null. */
const takenScripts = (folder: string, first: string): Scripts | null => {
  try {
    const scripts = new Scripts(folder, (name) => readFileSync(join(folder, compiledNames.caches, name)))
    return scripts.script(first).cachedDataRejected === true ? null : scripts
  } catch {
    return null
  }
}

/**
 * The compiled program; null where it is not there, or V8 does not take it.
 *
 * @param folder of the built program
 */
export const compiledProgram = (folder: string): typeof import("./cli/main.js") | null =>
  takenScripts(folder, scriptOf("program"))?.program() ?? null

/**
 * Starts a thread of the compiled program; false where it is not there, or V8 does not take it.
 *
 * @param folder of the built program
 * @param name of the thread
 */
export const startCompiled = (folder: string, name: string): boolean =>
  takenScripts(folder, scriptOf(name))?.load(scriptOf(name)) !== undefined

/**
 * The program from its scripts, without V8's form of them.
 *
 * @param folder of the built program
 * @returns `caches`: V8's form of each script and all that was run until then
 */
export const compiling = (folder: string) => {
  const scripts = new Scripts(folder, () => undefined)
  return { program: scripts.program(), caches: () => scripts.caches() }
}
