// Makes the program out of the sources of all packages: one file per entry, and what they share in chunks beside them, all
// flat in `dist`. Loading a thousand modules one by one took two thirds of the time in which a command answers.
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, rmSync, writeFileSync } from "node:fs"
import { createRequire, isBuiltin } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, context } from "esbuild"
import { asScripts } from "./asScripts.mjs"

const home = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * The library of the command line can read options from files of three formats, and loads their parsers at every start: an
 * eighth of what is compiled then. No option of ours is read so.
 *
 * @type {import("esbuild").Plugin}
 */
const withoutOptionFiles = {
  name: "without-option-files",
  setup: (on) => {
    on.onResolve({ filter: /^(ini|toml|yaml)$/ }, ({ importer, path }) =>
      /@effect.cli/.test(importer) ? { path, namespace: "unused-parser" } : undefined,
    )
    on.onLoad({ filter: /.*/, namespace: "unused-parser" }, ({ path }) => ({
      contents: `const refuse = () => { throw new Error("This program reads no options from ${path} files.") }
        export { refuse as decode, refuse as parse }
        export default { decode: refuse, parse: refuse }`,
    }))
  },
}

/**
 * The page of the API's documentation is half of all text of the program, and is asked for now and then: it stays in one file of its own,
 * for both forms of the program.
 *
 * @type {import("esbuild").Plugin}
 */
const withoutSwagger = {
  name: "without-swagger",
  setup: (on) => {
    on.onResolve({ filter: /\/internal\/httpApiSwagger\.js$/ }, () => ({ path: "./swagger.cjs", external: true }))
  },
}

/** @type {import("esbuild").BuildOptions} */
const shared = {
  absWorkingDir: home,
  bundle: true,
  platform: "node",
  target: "node20",
  conditions: ["source"],
  // Native code stays where it is installed.
  external: ["better-sqlite3", "@parcel/watcher"],
  logLevel: "warning",
  // What went in, for `scripts/pack`.
  metafile: true,
}

/** Threads that are started by the name of their file: the module of each. */
const threads = {
  worker: "../../packages/engine/src/thread/worker.ts",
  jobThread: "src/offline/jobThread.ts",
  readingThread: "src/imports/readingThread.ts",
  momentThread: "src/moments/momentThread.ts",
  searchThread: "src/search/searchThread.ts",
}

/**
 * The start of a thread: its script, with what V8 had made of it, or its module.
 *
 * @param {keyof typeof threads} name
 */
const threadModule = (name) => `
  ${name === "jobThread" ? 'import "./src/offline/giveWay.ts"' : ""}
  import { dirname } from "node:path"
  import { fileURLToPath } from "node:url"
  import { startCompiled } from "./src/compiledProgram.ts"
  const folder = dirname(fileURLToPath(import.meta.url))
  if (!startCompiled(folder, ${JSON.stringify(name)})) await import(${JSON.stringify(`./${threads[name]}`)})`

/**
 * Gives the modules that are written here: `starts:NAME` of each thread.
 *
 * @type {import("esbuild").Plugin}
 */
const starts = {
  name: "starts",
  setup: (on) => {
    on.onResolve({ filter: /^starts:/ }, ({ path }) => ({ path, namespace: "starts" }))
    on.onLoad({ filter: /.*/, namespace: "starts" }, ({ path }) => {
      const name = path.slice("starts:".length)
      return { contents: threadModule(/** @type {keyof typeof threads} */ (name)), resolveDir: home }
    })
  },
}

/** @type {import("esbuild").BuildOptions} */
const options = {
  ...shared,
  entryPoints: {
    threadfold: "src/threadfold.ts",
    // For programs that run it in their own process.
    library: "src/embedded.ts",
    // Makes V8's form of the program, at the end of this build.
    compile: "src/compile.ts",
    ...Object.fromEntries(Object.keys(threads).map((name) => [name, `starts:${name}`])),
    // A process that is ended at its limits.
    sqlChild: "src/sql/sqlChild.ts",
    // Threads and programs of measurements.
    throughputWriter: "../../packages/bench/src/throughput/throughputWriter.ts",
    replayWork: "../../packages/bench/src/replay/replayWork.ts",
    subscriberWorker: "../../packages/bench/src/live/subscriberWorker.ts",
    benchAgent: "../../packages/bench/src/live/agent.ts",
    bareServer: "../../packages/bench/src/live/bareServer.ts",
    gatewayLoad: "src/gateway/bench/loadProgram.ts",
    bareHttpServer: "../../packages/bench/src/http/bareHttpServer.ts",
  },
  outdir: "dist",
  splitting: true,
  format: "esm",
  // For libraries that are CommonJS and ask for modules of Node.
  banner: {
    js: 'import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);',
  },
  plugins: [withoutOptionFiles, withoutSwagger, starts],
}

/**
 * The program and its threads as scripts (`src/compiledProgram.ts`), with lines that a stack trace can name.
 *
 * @type {import("esbuild").BuildOptions}
 */
const compiled = {
  ...shared,
  entryPoints: { program: "src/cli/main.ts", ...threads },
  outdir: "dist/compiled",
  write: false,
  splitting: true,
  format: "esm",
  define: { "import.meta.url": "hereUrl" },
  minifyWhitespace: true,
  lineLimit: 160,
  plugins: [withoutOptionFiles, withoutSwagger, asScripts],
}

/**
 * Bundles again after each change of a source, until the process ends.
 *
 * @param {(ok: boolean) => void} onBuilt called after each build, also after the first one
 */
export const watch = async (onBuilt) => {
  const tell = {
    name: "tell",
    /** @param {import("esbuild").PluginBuild} on */
    setup: (on) => on.onEnd(({ errors }) => onBuilt(errors.length === 0)),
  }
  // What was compiled of earlier sources would be run instead.
  rmSync(join(home, "dist", "compiled"), { recursive: true, force: true })
  await (await context({ ...options, plugins: [...(options.plugins ?? []), tell] })).watch()
}

/** Beside the built files: the packages of others whose code went into them, and the packages that they load where they are installed. */
const bundledFile = "bundled.json"

/** @param {readonly import("esbuild").Metafile[]} metafiles */
const bundledOf = (metafiles) => {
  const outputs = metafiles.flatMap((one) => Object.values(one.outputs))
  const files = outputs.flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  )
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  const loaded = outputs
    .flatMap(({ imports }) => imports.flatMap(({ external, path }) => (external === true ? [path] : [])))
    .filter((path) => /^[@a-z]/.test(path) && !path.startsWith("node:") && !isBuiltin(path))
  return { bundled: [...new Set(folders)].sort(), loaded: [...new Set(loaded)].sort() }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(join(home, "dist"), { recursive: true, force: true })
  const swagger = createRequire(import.meta.url).resolve("@effect/platform/HttpApiSwagger")
  const built = await Promise.all([
    build(options),
    build(compiled),
    build({
      ...shared,
      entryPoints: [join(dirname(swagger), "..", "esm", "internal", "httpApiSwagger.js")],
      outfile: "dist/swagger.cjs",
      format: "cjs",
    }),
  ])
  // The web page, where it was built.
  const page = join(home, "..", "inspector", "dist")
  if (existsSync(join(page, "page.json"))) cpSync(page, join(home, "dist", "page"), { recursive: true })
  writeFileSync(
    join(home, "dist", bundledFile),
    JSON.stringify(bundledOf(built.flatMap(({ metafile }) => metafile ?? []))),
  )
  // What its commands say is of no interest; where one fails, the error has it.
  execFileSync(process.execPath, [join(home, "dist", "compile.js"), home], { stdio: "pipe" })
}
