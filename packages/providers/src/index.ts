export * from "./Translator.js"
