/**
 * What the tests import as `vitest` and `fast-check` while mutants run: their tests are collected once and called again and again, each in a fraction of
 * the time that a run of vitest takes. `expect` is vitest's own. There is what the tests of core's rules use of vitest and nothing
 * else: a test that needs more does not load.
 */
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import { format } from "node:util"

export interface Test {
  /** File, groups and name, and a number: rows of a table may have one name. */
  readonly id: string
  readonly name: string
  readonly run: () => unknown
}

let tests: Test[] = []
/** Where the next test stands: its file, then the names of the groups around it. */
let path: readonly string[] = []

/** The tests of some files; `load` imports one. */
export const collect = async (files: readonly string[], load: (file: string) => Promise<unknown>) => {
  tests = []
  for (const file of files) {
    path = [file]
    await load(file)
  }
  return tests
}

type Body = (...values: readonly never[]) => unknown

/** Adds `each`: the values of a row go into the name as vitest puts them there. */
const withEach = (add: (name: string, body: () => unknown) => void) =>
  Object.assign(add, {
    each: (rows: readonly unknown[]) => (name: string, body: Body) => {
      for (const row of rows) {
        const values = Array.isArray(row) ? row : [row]
        add(format(name, ...values), () => Reflect.apply(body, undefined, values))
      }
    },
  })

export const describe = withEach((name, body) => {
  const outer = path
  path = [...outer, name]
  body()
  path = outer
})

export const it = withEach((name, run) => {
  const full = [...path, name].join(" > ")
  tests.push({ id: `${full} #${tests.length}`, name: full, run })
})

/** Thrown where a test comes to check a property. */
export const leftOut = new Error("properties are left out")

type Nothing = () => Nothing
/**
 * In the place of fast-check: it makes nothing and checks nothing. What only a random case notices goes unnoticed on the next run, so
 * properties are left out.
 */
const nothing: Nothing = new Proxy(() => nothing, {
  get: (_, name) => {
    if (name === "assert") throw leftOut
    return name === "then" || typeof name === "symbol" ? undefined : nothing
  },
})
export default nothing

// Both are taken from where vitest has them: they are no dependencies of the workspace.
const ofVitest = createRequire(createRequire(import.meta.url).resolve("vitest/package.json"))
const load = (name: string) => import(pathToFileURL(ofVitest.resolve(name)).href)
const [chai, matchers] = [await load("chai"), await load("@vitest/expect")]
for (const plugin of [matchers.JestExtend, matchers.JestChaiExpect, matchers.JestAsymmetricMatchers]) chai.use(plugin)
export const expect = Object.assign((value: unknown, message?: string) => chai.expect(value, message), chai.expect)
