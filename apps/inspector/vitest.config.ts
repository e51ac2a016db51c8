export { default } from "../../scripts/vitest.package.js"
