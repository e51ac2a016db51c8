export { ConnectionIngestion, threadKey } from "./Ingestion.js"
