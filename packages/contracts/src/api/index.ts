/** `@threadfold/contracts/api`: apart, so that what never speaks HTTP does not load it. */
export * from "./Api.js"
export * from "./Attached.js"
export * from "./document.js"
export * from "./Problems.js"
export * from "./Query.js"
export * from "./Shapes.js"
