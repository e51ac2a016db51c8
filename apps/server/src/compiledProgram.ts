/**
 * The program and its threads as one file beside the code that V8 had made of it when it was built. Loading it so takes half of what
 * compiling the modules takes, at the start of every command and of every thread. V8 takes such code only in the version, on the
 * platform and with the flags that it was made with; everywhere else the modules are loaded.
 */
import { readFileSync, statSync } from "node:fs"
import { createRequire, isBuiltin } from "node:module"
import { dirname, join } from "node:path"
import { Script } from "node:vm"

/** File names of a compiled program in the folder of the built one: its code in one file, and what V8 of this Node made of it. */
export const compiledNames = {
  code: "program.cjs",
  cache: `program-${process.version}-${process.platform}-${process.arch}.cache`,
} as const

/** What the one file exports: for each name of a part, what loads it. `scripts/bundle.mjs` writes it. */
export interface Parts extends Readonly<Record<string, () => Promise<unknown>>> {
  readonly program: () => Promise<typeof import("./cli/main.js")>
}

/** The one file as V8 has it: a function that gives what it exports. */
const scriptOf = (file: string, cachedData?: Buffer): Script =>
  // It is plain ASCII: one byte a character is read without decoding.
  new Script(readFileSync(file, "latin1"), {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
  })

const run = (script: Script, file: string): Parts => {
  const load = createRequire(file)
  const require = (name: string): unknown => {
    // Node 20 takes a package's path for a real one, though a link leads to it, where the last `stat` of the process was that of a
    // pipe, such as standard output. This one is of a file.
    if (!isBuiltin(name)) statSync(file)
    return load(name)
  }
  const importByNode = (name: string): Promise<unknown> => import(name)
  return script.runInThisContext()(require, file, dirname(file), importByNode)
}

/**
 * The compiled parts; null where it is not there, or V8 does not take it.
 *
 * @param folder of the built program
 */
export const compiledParts = (folder: string): Parts | null => {
  const file = join(folder, compiledNames.code)
  let script: Script
  try {
    script = scriptOf(file, readFileSync(join(folder, compiledNames.cache)))
  } catch {
    return null
  }
  return script.cachedDataRejected === true ? null : run(script, file)
}

/**
 * The parts from their one file, without V8's form of it.
 *
 * @param folder of the built program
 * @returns `cache`: V8's form of all that was run until then
 */
export const compiling = (folder: string): { readonly parts: Parts; readonly cache: () => Buffer } => {
  const file = join(folder, compiledNames.code)
  const script = scriptOf(file)
  return { parts: run(script, file), cache: () => script.createCachedData() }
}
