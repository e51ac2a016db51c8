/**
 * Sees that imports go one way only (docs/architecture, "The house"): by what the manifests depend on and by what the
 * sources import, tests apart. Names every arrow that goes the wrong way, and every cycle.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { packages, root } from "./tools.mjs"

const log = ["contracts", "core"]
const writer = [...log, "event-log", "projections"]
const orchestration = [...writer, "engine", "providers"]

/** Package → what it may use. A package that is not listed here may use nothing: decide, and say so here. */
const allowed = {
  contracts: [],
  core: ["contracts"],
  "event-log": log,
  projections: log,
  engine: writer,
  orchestrator: orchestration,
  server: [...orchestration, "orchestrator", "client"],
  providers: ["contracts"],
  testkit: ["contracts"],
  client: log,
  inspector: log,
}

/** Only tests may use this one, in every package but itself. */
const forTests = "testkit"
const scope = "@threadfold/"

const problems = []
const isTest = (file) =>
  /\.test\.tsx?$/.test(file) || file.split(sep).some((part) => part === "test" || part === "testing")

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (["node_modules", "dist", "fixtures", ".turbo"].includes(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* sources(path)
    else if (/\.(m?[jt]sx?)$/.test(entry.name)) yield path
  }
}

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`, `require("x")`; comments are cut out first. */
const specifiers = (text) => {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "")
  return [...code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["']([^"'\n]+)["']/g)].map(
    (match) => match[1],
  )
}

const graph = new Map()
for (const { name, folder, manifest } of packages) {
  const may = allowed[name]
  if (may === undefined) {
    problems.push(`${folder}: not in the table of scripts/check-imports.mjs`)
    continue
  }
  const ours = (list) =>
    Object.keys(list ?? {})
      .filter((one) => one.startsWith(scope))
      .map((one) => one.slice(scope.length))
  const uses = new Set(ours(manifest.dependencies))
  for (const other of uses) {
    if (!may.includes(other)) problems.push(`${folder}/package.json: depends on ${other}`)
  }
  for (const other of ours(manifest.devDependencies)) {
    if (other !== forTests && !may.includes(other)) problems.push(`${folder}/package.json: develops with ${other}`)
  }
  const packageFolder = join(root, folder)
  const inPackage = ["src", "test", "bench", "scripts"].filter((part) => existsSync(join(packageFolder, part)))
  for (const file of inPackage.flatMap((part) => [...sources(join(packageFolder, part))])) {
    for (const specifier of specifiers(readFileSync(file, "utf8"))) {
      const where = relative(root, file)
      if (specifier.startsWith(".")) {
        const target = resolve(dirname(file), specifier)
        if (!`${target}${sep}`.startsWith(`${packageFolder}${sep}`))
          problems.push(`${where}: reaches out of its package to ${specifier}`)
        continue
      }
      if (!specifier.startsWith(scope)) continue
      const other = specifier.slice(scope.length).split("/")[0]
      const test = isTest(relative(packageFolder, file))
      if (other === name || (test && other === forTests)) continue
      if (!may.includes(other)) problems.push(`${where}: imports ${other}`)
      else if (specifier.endsWith("/testing") && !test)
        problems.push(`${where}: imports a contract suite outside of tests`)
      else if (!test) uses.add(other)
    }
  }
  graph.set(name, uses)
}

const visit = (name, path) => {
  if (path.includes(name)) {
    problems.push(`a cycle: ${[...path.slice(path.indexOf(name)), name].join(" -> ")}`)
    return
  }
  for (const other of graph.get(name) ?? []) visit(other, [...path, name])
}
for (const name of graph.keys()) visit(name, [])

for (const problem of new Set(problems)) console.error(problem)
console.log(
  `${packages.length} packages, ${problems.length === 0 ? "every import goes the right way" : `${new Set(problems).size} wrong`}`,
)
process.exitCode = problems.length === 0 ? 0 : 1
