import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

it("knows the contracts alone: an oracle that shared code with what it judges would share its mistakes", () => {
  const here = dirname(fileURLToPath(import.meta.url))
  const files = readdirSync(here, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
  const imported = files.flatMap((file) =>
    [...readFileSync(join(here, file), "utf8").matchAll(/from "(@threadfold\/[^"]+)"/g)].map((match) => match[1]),
  )
  expect(files.length).toBeGreaterThan(20)
  expect([...new Set(imported)]).toEqual(["@threadfold/contracts"])
})
