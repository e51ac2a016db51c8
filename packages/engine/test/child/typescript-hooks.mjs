// Module hooks: `./X.js` of a TypeScript source means `./X.ts`, whose types are taken away on loading.
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import typescript from "typescript"

const { ModuleKind, ScriptTarget, transpileModule } = typescript
const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, verbatimModuleSyntax: true }

const source = (specifier) => specifier.replace(/\.js$/, ".ts")
/** The entry of a worker thread is named by its file, and by nobody. */
const isEntry = (specifier) => specifier.startsWith("file:") && existsSync(fileURLToPath(source(specifier)))

export const resolve = (specifier, context, next) =>
  (specifier.startsWith(".") && context.parentURL?.endsWith(".ts")) || isEntry(specifier)
    ? next(source(specifier), context)
    : next(specifier, context)

export const load = async (url, context, next) => {
  if (!url.endsWith(".ts")) return next(url, context)
  const text = await readFile(fileURLToPath(url), "utf8")
  return { format: "module", source: transpileModule(text, { compilerOptions }).outputText, shortCircuit: true }
}
