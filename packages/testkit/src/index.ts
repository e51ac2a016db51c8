export * from "./recordings/Recordings.js"
