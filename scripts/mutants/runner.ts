/**
 * Runs tests for Stryker in its own process: loads them once, then calls those that reach a mutant, cheapest first, until one fails.
 * Where a mutant changes what runs while its module loads, sources and tests are loaded anew.
 */
import { readdirSync } from "node:fs"
import { register } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { InstrumenterContext } from "@stryker-mutator/api/core"
import { PluginKind } from "@stryker-mutator/api/plugin"
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from "@stryker-mutator/api/test-runner"
import { collect, leftOut, type Test } from "./collect.js"

/** Reads `vitest` and `fast-check` as `collect.ts`, and hands the mark of a fresh load on to what a fresh module imports of the sources. */
const hook = `
export const resolve = async (name, context, next) => {
  if (name === "vitest" || name === "fast-check") return { url: ${JSON.stringify(new URL("./collect.ts", import.meta.url).href)}, shortCircuit: true }
  const found = await next(name, context)
  const mark = /[?&]fresh=\\d+/.exec(context.parentURL ?? "")
  return mark !== null && name.startsWith(".") ? { ...found, url: found.url + "?" + mark[0].slice(1) } : found
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)

/** What the code that Stryker has instrumented reads and writes. */
const instrumented: InstrumenterContext = {}
Object.assign(globalThis, { __stryker__: instrumented })

class MutantRunner implements TestRunner {
  private loads = 0
  private tests: readonly Test[] = []
  /** Test → what it took when nothing was changed, ms. */
  private readonly took = new Map<string, number>()

  capabilities() {
    return { reloadEnvironment: true }
  }

  async dryRun({ coverageAnalysis }: DryRunOptions): Promise<DryRunResult> {
    await this.load()
    const tests: TestResult[] = []
    for (const test of this.tests) {
      if (coverageAnalysis === "perTest") instrumented.currentTestId = test.id
      const result = await call(test)
      tests.push(result)
      this.took.set(test.id, result.timeSpentMs)
    }
    delete instrumented.currentTestId
    return {
      status: DryRunStatus.Complete,
      tests,
      mutantCoverage: instrumented.mutantCoverage ?? { static: {}, perTest: {} },
    }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, hitLimit, mutantActivation, reloadEnvironment, testFilter } = options
    delete instrumented.activeMutant
    if (mutantActivation === "static") instrumented.activeMutant = activeMutant.id
    try {
      if (reloadEnvironment || this.tests.length === 0) await this.load()
    } catch (error) {
      // A mutant with which a file of tests does not even load is noticed.
      return {
        status: MutantRunStatus.Killed,
        killedBy: [testFilter?.[0] ?? ""],
        failureMessage: String(error),
        nrOfTests: 0,
      }
    }
    Object.assign(instrumented, {
      activeMutant: activeMutant.id,
      hitCount: 0,
      hitLimit: hitLimit ?? Number.POSITIVE_INFINITY,
    })
    const asked = new Set(testFilter ?? this.tests.map(({ id }) => id))
    const ordered = this.tests.filter(({ id }) => asked.has(id)).sort((a, b) => this.cost(a) - this.cost(b))
    let nrOfTests = 0
    for (const test of ordered) {
      nrOfTests += 1
      const result = await call(test)
      if ((instrumented.hitCount ?? 0) > (instrumented.hitLimit ?? 0))
        return { status: MutantRunStatus.Timeout, reason: "it goes on" }
      if (result.status === TestStatus.Failed) {
        return { status: MutantRunStatus.Killed, killedBy: [test.id], failureMessage: result.failureMessage, nrOfTests }
      }
    }
    return { status: MutantRunStatus.Survived, nrOfTests }
  }

  private cost({ id }: Test): number {
    return this.took.get(id) ?? 0
  }

  private async load(): Promise<void> {
    this.loads += 1
    const folder = join(process.cwd(), process.env.MUTATED ?? "")
    const files = readdirSync(folder)
      .filter((name) => name.endsWith(".test.ts"))
      .sort()
    this.tests = await collect(files, (file) => import(`${pathToFileURL(join(folder, file)).href}?fresh=${this.loads}`))
  }
}

const call = async ({ id, name, run }: Test): Promise<TestResult> => {
  const since = performance.now()
  try {
    await run()
    return { id, name, status: TestStatus.Success, timeSpentMs: performance.now() - since }
  } catch (error) {
    if (error === leftOut) return { id, name, status: TestStatus.Skipped, timeSpentMs: 0 }
    return {
      id,
      name,
      status: TestStatus.Failed,
      failureMessage: String(error),
      timeSpentMs: performance.now() - since,
    }
  }
}

export const strykerPlugins = [{ kind: PluginKind.TestRunner, name: "mutants", injectableClass: MutantRunner }]
