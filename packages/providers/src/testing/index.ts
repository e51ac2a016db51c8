export * from "./TranslatorContract.js"
