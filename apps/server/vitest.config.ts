export { default } from "../../scripts/vitest.package.mjs"
