/**
 * Leaves on `NODE_PATH` only folders that may decide which code we run. Node looks there for every package that is missing
 * beside us, and libraries ask for packages that they can do without (`ws` for `bufferutil`): a relative entry would take them
 * from the current directory. Imported before everything that is not Node's own; worker threads inherit the variable.
 */
import Module from "node:module"
import { delimiter } from "node:path"
import { untrustedFolders, whyUntrusted } from "@threadfold/providers/untrusted"

/** The entries of `NODE_PATH` that are kept. */
const trustedModulePaths = (value: string): string => {
  const untrusted = untrustedFolders()
  const isTrusted = (folder: string) => whyUntrusted(folder, untrusted) === null
  return value.split(delimiter).filter(isTrusted).join(delimiter)
}

const given = process.env.NODE_PATH
if (given !== undefined) {
  const trusted = trustedModulePaths(given)
  if (trusted === "") delete process.env.NODE_PATH
  else process.env.NODE_PATH = trusted
  // Node has read the variable at its start. It has no other way to read it again.
  const readAgain: unknown = Reflect.get(Module, "_initPaths")
  if (typeof readAgain === "function") readAgain()
}
