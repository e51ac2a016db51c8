/** The types of a library as one file: what its sources say of what it exports, without the workspace's other packages. */
import { join } from "node:path"
import { rollup } from "rollup"
import { dts } from "rollup-plugin-dts"
import ts from "typescript"
import { packages, root } from "../tools.mjs"

const ours = packages.map(({ manifest }) => manifest.name)

const isOurs = (id: string): boolean => ours.some((name) => id === name || id.startsWith(`${name}/`))

/**
 * Writes the declarations of a library.
 *
 * @param folder of its package, relative to the root
 * @param entry its source, relative to the folder
 * @param file where they go
 * @returns names of the packages that they import types from
 */
export const writePublicTypes = async (folder: string, entry: string, file: string): Promise<readonly string[]> => {
  const bundle = await rollup({
    input: join(root, folder, entry),
    external: (id) => !/^[./]/.test(id) && !isOurs(id),
    plugins: [
      dts({
        includeExternal: ours,
        // Named, the package's `tsconfig.json` would make a program of its own for each package: three times as long.
        compilerOptions: {
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.NodeNext,
          moduleResolution: ts.ModuleResolutionKind.NodeNext,
          noEmit: false,
          composite: false,
          incremental: false,
          declarationMap: false,
        },
      }),
    ],
  })
  try {
    const { output } = await bundle.write({ file, format: "es" })
    const imported = output.flatMap((one) => (one.type === "chunk" ? one.imports : []))
    const left = imported.filter(isOurs)
    if (left.length > 0) throw new Error(`The types of ${folder} still import ${left.join(", ")}.`)
    const names = imported.filter((id) => !id.startsWith("node:"))
    return [
      ...new Set(
        names.map((id) =>
          id
            .split("/")
            .slice(0, id.startsWith("@") ? 2 : 1)
            .join("/"),
        ),
      ),
    ]
  } finally {
    await bundle.close()
  }
}
