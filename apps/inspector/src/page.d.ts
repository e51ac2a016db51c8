/** What the build puts into the page, and what browsers have that the types of TypeScript do not know. */

/** Path of the script of the worker, with the hash of its content; put in by `scripts/build.mjs`; empty: it is in the file of the page. */
declare const WORKER_URL: string

/** The classes of a style sheet by the names that they have in it. */
declare module "*.module.css" {
  const classes: Readonly<Record<string, string>>
  export default classes
}

/** A sheet for the whole page. */
declare module "*.css" {}

/** A document as text. */
declare module "*.md" {
  const text: string
  export default text
}

/** The sheets of all views, in one order. */
declare module "page:styles" {}

/** A policy that says which addresses may be loaded as scripts. */
interface TrustedScriptPolicy {
  /** The address in a form that only the policy can make. Declared as the text that it stands for, as `Worker` takes it. */
  readonly createScriptURL: (url: string) => string
}

interface Window {
  /** Absent in browsers that do not enforce trusted types. */
  readonly trustedTypes?: {
    readonly createPolicy: (
      name: string,
      rules: { readonly createScriptURL: (url: string) => string },
    ) => TrustedScriptPolicy
  }
}
