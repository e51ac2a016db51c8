export * from "./Discovery.js"
export * from "./HttpOptions.js"
export * from "./HttpServerLive.js"
export { loadToken, tokenFile } from "./security/Token.js"
