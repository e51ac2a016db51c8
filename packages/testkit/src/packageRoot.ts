import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The nearest folder above this module that holds a package.json: `src` and `dist` lie at the same depth of it. */
const find = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, "package.json"))) {
    const above = dirname(folder)
    if (above === folder) throw new Error("testkit cannot find its own package folder")
    folder = above
  }
  return folder
}

/** Absolute path of this package's folder: data and programs lie there, beside `src` and `dist`. */
export const packageRoot: string = find()
