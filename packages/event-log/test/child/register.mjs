// Lets a plain `node` child run this package's sources as they are, without a build: `node --import register.mjs child.mjs`.
import { register } from "node:module"

register("./typescript-hooks.mjs", import.meta.url)
