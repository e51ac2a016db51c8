export * from "./Ingestion.js"
