/**
 * Options of esbuild for the program of a child process of a test, in the form in which `threadfold` itself is built: to read the
 * sources module by module takes a child most of its life. The caller adds what to build and where to.
 */
export const childBundle = {
  bundle: true,
  format: "esm" as const,
  platform: "node" as const,
  target: "node20",
  conditions: ["source"],
  // Native code stays where it is installed.
  external: ["better-sqlite3"],
  // For libraries that are CommonJS and ask for modules of Node.
  banner: { js: 'import { createRequire as made } from "node:module"; const require = made(import.meta.url);' },
}
