// Module hooks: `./X.js` of a TypeScript source means `./X.ts`, whose types are taken away on loading.
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import typescript from "typescript"

const { ModuleKind, ScriptTarget, transpileModule } = typescript
const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, verbatimModuleSyntax: true }

export const resolve = (specifier, context, next) =>
  specifier.startsWith(".") && context.parentURL?.endsWith(".ts")
    ? next(specifier.replace(/\.js$/, ".ts"), context)
    : next(specifier, context)

export const load = async (url, context, next) => {
  if (!url.endsWith(".ts")) return next(url, context)
  const text = await readFile(fileURLToPath(url), "utf8")
  return { format: "module", source: transpileModule(text, { compilerOptions }).outputText, shortCircuit: true }
}
