export { default } from "../../.ci/vitest.package.mjs"
