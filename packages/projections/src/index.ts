export * from "./ProjectionStore.js"
