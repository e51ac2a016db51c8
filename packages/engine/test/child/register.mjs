// Lets a plain `node` child, and the worker threads that it starts, run this workspace's sources without a build.
import { register } from "node:module"

register("./typescript-hooks.mjs", import.meta.url)
