// Makes the page: `dist/index.html`, what it loads in `dist/assets` under names that hold a hash of the content, each also
// compressed, and `dist/page.json`, which lists them for the server. Fails where the page has become too heavy.
import { createHash } from "node:crypto"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { build } from "esbuild"

const home = dirname(dirname(fileURLToPath(import.meta.url)))
const assets = join(home, "dist", "assets")

/** Most that may be loaded, KiB of gzip: scripts until the first view is shown, and one part of the worker with what it needs. */
const most = { firstView: 250, worker: 170 }

/** @type {Readonly<Record<string, string>>} */
const types = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
}

/**
 * Gives `page:styles`, which imports the style sheets of all views: one sheet in a fixed order, whichever view is loaded first.
 * A script that is loaded later does not load its sheet by itself.
 *
 * @type {import("esbuild").Plugin}
 */
const styles = {
  name: "styles",
  setup: (on) => {
    on.onResolve({ filter: /^page:styles$/ }, ({ path }) => ({ path, namespace: "styles" }))
    on.onLoad({ filter: /.*/, namespace: "styles" }, () => {
      const files = readdirSync(join(home, "src"), { recursive: true, encoding: "utf8" })
        .map((file) => file.replaceAll("\\", "/"))
        .filter((file) => file.endsWith(".module.css"))
        .sort()
      return { contents: files.map((file) => `import "./src/${file}"`).join("\n"), resolveDir: home }
    })
  },
}

/**
 * Leaves out what Effect's Schema makes random values with: only tests ask for those, and it is 14 KB of gzip.
 *
 * @type {import("esbuild").Plugin}
 */
const noRandomValues = {
  name: "no random values",
  setup: (on) => {
    on.onLoad({ filter: /[\\/]effect[\\/].*[\\/]FastCheck\.(js|ts)$/ }, () => ({ contents: "export {}" }))
  },
}

/** @type {import("esbuild").BuildOptions & { metafile: true }} */
const shared = {
  absWorkingDir: home,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  metafile: true,
  // Browsers that know `light-dark()`, nested rules and module workers.
  target: ["chrome123", "firefox121", "safari17.5"],
  conditions: ["source"],
  jsx: "automatic",
  outdir: "dist/assets",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".svg": "file", ".md": "text" },
  publicPath: "/assets/",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
}

/** @typedef {import("esbuild").Metafile["outputs"]} Outputs */

/**
 * The file that an entry became.
 *
 * @param {Outputs} outputs
 * @param {string} entry
 */
const outputOf = (outputs, entry) => {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry)
  if (found === undefined) throw new Error(`There is no output for ${entry}.`)
  return { file: found[0], ...found[1] }
}

/**
 * A script with all that it imports before it runs.
 *
 * @param {Outputs} outputs
 * @param {string} file
 * @param {Set<string>} seen
 */
const withImports = (outputs, file, seen = new Set()) => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const { kind, path } of outputs[file]?.imports ?? []) {
    if (kind === "import-statement") withImports(outputs, path, seen)
  }
  return seen
}

/** @param {Iterable<string>} files */
const gzipSize = (files) => [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(home, file))).length, 0)

/** @param {number} bytes */
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`

/** @param {Outputs} outputs @param {string} entry @returns {readonly string[]} */
const laterParts = (outputs, entry) =>
  (outputs[entry]?.imports ?? []).flatMap(({ kind, path }) => (kind === "dynamic-import" ? [path] : []))

/** @param {{ script: string, style: string, preload: readonly string[] }} parts */
const html = ({ preload, script, style }) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="referrer" content="no-referrer">
    <title>Threadfold</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${style}">
${preload.map((file) => `    <link rel="modulepreload" href="${file}">\n`).join("")}    <script type="module" src="${script}"></script>
  </head>
  <body>
    <div id="page"></div>
    <noscript>This page needs JavaScript. The command <code>threadfold threads</code> lists the threads without it.</noscript>
  </body>
</html>
`

/**
 * A script as the text of an element: what would end the element, or begin another one in it, is written otherwise. All of these stand in
 * texts and patterns of scripts alone, where `\x3C` is the same sign.
 *
 * @param {string} text
 */
const inElement = (text) => text.replace(/<(?=!--|\/?script)/gi, "\\x3C")

/** Where the bundle goes in the file of an export, in base64. */
const bundlePlace = "@@BUNDLE@@"

/** @param {{ script: string, style: string, worker: string }} parts */
const exportedHtml = ({ script, style, worker }) => {
  /** @param {string} text */
  const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "img-src data: blob:",
    "worker-src blob:",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types threadfold",
  ].join("; ")
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="referrer" content="no-referrer">
    <title>Threadfold</title>
    <link rel="icon" href="data:,">
    <style>${style}</style>
    <script type="text/plain" id="worker">${worker}</script>
    <script type="application/octet-stream" id="bundle">${bundlePlace}</script>
    <script type="module">${script}</script>
  </head>
  <body>
    <div id="page"></div>
    <noscript>This file needs JavaScript. It holds a bundle of Threadfold.</noscript>
  </body>
</html>
`
}

/** The page as one file that a bundle is put into (`threadfold export --html`): `dist/export.html.br`. */
const buildExported = async () => {
  /** @type {import("esbuild").BuildOptions} */
  const alone = { ...shared, splitting: false, format: "iife", write: false, metafile: false }
  /** @param {import("esbuild").BuildOptions} options @param {string} extension */
  const textOf = async (options, extension) => {
    const { outputFiles = [] } = await build({ ...alone, ...options })
    return (name = extension) => outputFiles.find(({ path }) => path.endsWith(name))?.text ?? ""
  }
  const worker = await textOf(
    {
      entryPoints: { worker: "src/worker/workerMain.ts" },
      plugins: [noRandomValues],
      logOverride: { "import-is-undefined": "silent" },
    },
    ".js",
  )
  const page = await textOf(
    {
      entryPoints: { exported: "src/bundle/exportedPage.tsx" },
      define: { ...shared.define, WORKER_URL: '""' },
      plugins: [styles],
    },
    ".js",
  )
  const whole = exportedHtml({
    script: inElement(page()),
    style: page(".css").replaceAll("</", "<\\/"),
    worker: inElement(worker()),
  })
  if (whole.split(bundlePlace).length !== 2) throw new Error(`The file of an export has not one place for its bundle.`)
  writeFileSync(join(home, "dist", "export.html.br"), brotliCompressSync(whole))
  return whole.length
}

/** @param {string} file */
const address = (file) => `/assets/${basename(file)}`

/** Builds the page. Throws where a part of it is too heavy. */
export const buildPage = async () => {
  rmSync(join(home, "dist"), { recursive: true, force: true })
  const worker = await build({
    ...shared,
    entryPoints: { worker: "src/worker/workerMain.ts" },
    plugins: [noRandomValues],
    logOverride: { "import-is-undefined": "silent" },
  })
  const workerFile = outputOf(worker.metafile.outputs, "src/worker/workerMain.ts").file
  const page = await build({
    ...shared,
    entryPoints: { page: "src/main.tsx" },
    define: { ...shared.define, WORKER_URL: JSON.stringify(address(workerFile)) },
    plugins: [styles],
  })
  const { outputs } = page.metafile
  const { cssBundle = "", file: script } = outputOf(outputs, "src/main.tsx")

  // Each view has a sheet of its own, too; the one of the page holds them all.
  for (const file of Object.keys(outputs)) if (file.endsWith(".css") && file !== cssBundle) rmSync(join(home, file))

  const firstScripts = withImports(outputs, script)
  const views = Object.keys(outputs).filter((file) => outputs[file]?.entryPoint?.startsWith("src/views/"))
  const sizes = views.map((view) => {
    const all = withImports(outputs, view, new Set(firstScripts))
    return { name: outputs[view]?.entryPoint ?? view, bytes: gzipSize(all) }
  })
  const workerParts = laterParts(worker.metafile.outputs, workerFile).map((part) => ({
    name: worker.metafile.outputs[part]?.entryPoint ?? part,
    bytes: gzipSize(withImports(worker.metafile.outputs, part, withImports(worker.metafile.outputs, workerFile))),
  }))

  writeFileSync(
    join(home, "dist", "index.html"),
    html({
      script: address(script),
      style: address(cssBundle),
      preload: [...firstScripts].filter((file) => file !== script).map(address),
    }),
  )
  const listed = readdirSync(assets)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(assets, name))
      const type = types[name.slice(name.lastIndexOf("."))]
      if (type === undefined) throw new Error(`What the type of ${name} is must be said in scripts/build.mjs.`)
      writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes))
      return [
        `/assets/${name}`,
        { type, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
      ]
    })
  writeFileSync(
    join(home, "dist", "page.json"),
    `${JSON.stringify({ entry: "index.html", assets: Object.fromEntries(listed), worker: address(workerFile) }, null, 2)}\n`,
  )

  const exported = await buildExported()

  /** @type {string[]} */
  const tooHeavy = []
  /** @param {string} name @param {number} bytes @param {number} limit */
  const weigh = (name, bytes, limit) => {
    console.log(`${name}: ${kib(bytes)} of gzip, at most ${limit} KiB`)
    if (bytes > limit * 1024) tooHeavy.push(name)
  }
  console.log(`file of an export, without its bundle: ${kib(exported)}`)
  console.log(`style sheet: ${kib(gzipSize([cssBundle]))} of gzip`)
  for (const { bytes, name } of sizes) weigh(name, bytes, most.firstView)
  for (const { bytes, name } of workerParts) weigh(name, bytes, most.worker)
  if (tooHeavy.length > 0)
    throw new Error(`Too heavy: ${tooHeavy.join(", ")}. What is needed later is loaded by import().`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage()
