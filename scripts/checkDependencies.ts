/**
 * The architecture test: imports of packages go one way only (docs/architecture.md, "The house"), by what the manifests depend on
 * and by what the files import; no file is part of a circle; only tests import the test kit and the contract suites. Prints each
 * import that is wrong.
 */
import { cruise, type IForbiddenRuleType, type IViolation } from "dependency-cruiser"
import { packages, root } from "./tools.mjs"

const log = ["contracts", "core"]
const writer = [...log, "event-log", "projections"]
const orchestration = [...writer, "engine", "providers"]
const belowServer = [...orchestration, "imports", "orchestrator", "client"]

/** Package → the packages that it may use. A package that is not listed here may use none. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  core: ["contracts"],
  "event-log": log,
  projections: log,
  engine: writer,
  orchestrator: orchestration,
  imports: orchestration,
  bench: belowServer,
  server: [...belowServer, "bench"],
  providers: ["contracts"],
  testkit: ["contracts"],
  client: log,
  inspector: [...log, "client"],
}

/** Packages that know the HTTP API and its problems. */
const speakHttp: readonly string[] = ["contracts", "client", "inspector", "server"]

/** Only tests may use this package. */
const forTests = "testkit"
const scope = "@threadfold/"

const testFiles = "\\.test\\.tsx?$|\\.soak\\.ts$|/test/|/testing/|/vitest\\.[a-z.]*ts$"

const folders = new Map(packages.map(({ folder, name }) => [name, folder]))

/** A file of one of these packages. */
const filesOf = (names: readonly string[]): string =>
  `^(${names.flatMap((name) => folders.get(name) ?? []).join("|")})/`

const arrows = (name: string): readonly IForbiddenRuleType[] => {
  const may = [name, ...(allowed[name] ?? [])]
  const wrong = [...folders.keys()].filter((other) => !may.includes(other))
  return [
    {
      name: `${name} may use ${may.slice(1).join(", ") || "no other package"}`,
      severity: "error",
      from: { path: filesOf([name]), pathNot: testFiles },
      to: { path: filesOf(wrong) },
    },
    {
      name: `tests of ${name} may use ${[...may.slice(1), forTests].join(", ")}`,
      severity: "error",
      from: { path: `${filesOf([name])}.*(${testFiles})` },
      to: { path: filesOf(wrong.filter((other) => other !== forTests)) },
    },
  ]
}

const rules: readonly IForbiddenRuleType[] = [
  ...packages.flatMap(({ name }) => arrows(name)),
  {
    name: "no circle of files",
    severity: "error",
    from: { pathNot: "^packages/(providers|testkit)/" },
    to: { circular: true },
  },
  {
    name: "below the server errors are typed: problems are for those who speak HTTP",
    severity: "error",
    from: {
      path: `${filesOf([...folders.keys()].filter((name) => !speakHttp.includes(name)))}|^packages/contracts/src/(?!api/)`,
      pathNot: testFiles,
    },
    to: { path: "^packages/contracts/src/api/" },
  },
  {
    name: "a command starts without the HTTP API and its client: it loads them when it calls a server",
    severity: "error",
    from: { path: "^apps/server/src/cli/", pathNot: testFiles },
    to: {
      path: "^packages/(contracts/src/api|client/src)/",
      pathNot: "^packages/contracts/src/api/Problem\\.ts$",
      dependencyTypesNot: ["type-only", "dynamic-import"],
    },
  },
  {
    name: "every import is found",
    severity: "error",
    from: {},
    // Modules that the build of the page makes.
    to: { couldNotResolve: true, pathNot: "^page:" },
  },
  {
    name: "a contract suite is for tests",
    severity: "error",
    from: { pathNot: testFiles },
    to: { path: "/src/testing/" },
  },
  {
    name: "a package is used by its name",
    severity: "error",
    from: { path: "^((?:packages|apps)/[^/]+)/" },
    to: { path: "^(?:packages|apps)/", pathNot: "^$1/", dependencyTypes: ["local"] },
  },
]

const { output } = await cruise(
  packages.map(({ folder }) => folder),
  {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: [...rules] },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|fixtures|node_modules)/" },
    // Types are imports too.
    tsPreCompilationDeps: true,
    combinedDependencies: true,
  },
  {
    exportsFields: ["exports"],
    conditionNames: ["source", "import", "require", "node", "default", "types"],
    extensions: [".ts", ".tsx", ".mts", ".js", ".mjs", ".json", ".node", ".css"],
  },
)
if (typeof output === "string") throw new Error(`The dependency checker answered a text: ${output}`)

const wrongManifests = packages.flatMap(({ folder, manifest, name }) => {
  const may = allowed[name]
  if (may === undefined) return [`${folder}: not in the table of scripts/checkDependencies.ts`]
  const ours = (list: Readonly<Record<string, string>> = {}): readonly string[] =>
    Object.keys(list).flatMap((one) => (one.startsWith(scope) ? [one.slice(scope.length)] : []))
  const develops = ours(manifest.devDependencies).filter((other) => other !== forTests && !may.includes(other))
  return [
    ...ours(manifest.dependencies).flatMap((other) =>
      may.includes(other) ? [] : [`${folder}/package.json: depends on ${other}`],
    ),
    ...develops.map((other) => `${folder}/package.json: develops with ${other}`),
  ]
})

const said = ({ cycle = [], from, rule, to }: IViolation): string =>
  cycle.length > 0
    ? `${rule.name}: ${[from, ...cycle.map(({ name }) => name)].join(" -> ")}`
    : `${rule.name}: ${from} imports ${to}`

const wrong = [...wrongManifests, ...output.summary.violations.map(said)]
for (const one of wrong) console.error(one)
console.log(
  `${packages.length} packages, ${output.summary.totalCruised} files, ${wrong.length === 0 ? "every import goes the right way" : `${wrong.length} wrong`}`,
)
process.exitCode = wrong.length === 0 ? 0 : 1
