/** Agents, model servers, recordings, generators and oracles for the tests of the other packages. */
export { type AgentHome, type CodexHomeOptions, claudeHome, codexHome } from "./agents/agentHomes.js"
export {
  type FakeAgent,
  type FakeAgentScript,
  type FakeStep,
  fakeAgent,
  readFakeAgentLog,
} from "./agents/FakeAgent.js"
export { type InstalledAgent, installedAgent, type MissingAgent } from "./agents/installedAgent.js"
export { isRunning, killProcess } from "./agents/processes.js"
export {
  type InstalledBrowser,
  installedBrowser,
  type MissingBrowser,
} from "./browser/installedBrowser.js"
export { arbHostile } from "./generate/arbHostile.js"
export type { GeneratedEvent } from "./generate/GeneratedEvent.js"
export { hostileLines } from "./generate/hostileLines.js"
export { arbSession } from "./generate/renderWorld.js"
export { namedUuid } from "./generate/seeded.js"
export * as Anthropic from "./model-servers/anthropic/Anthropic.js"
export { type Hold, makeHold } from "./model-servers/Hold.js"
export type { ModelRequest } from "./model-servers/ModelRequest.js"
export * as OpenAi from "./model-servers/openai/OpenAi.js"
export {
  type RealtimeBehaviour,
  type RealtimeMessage,
  type RealtimeServer,
  type RealtimeSocket,
  realtimeServer,
} from "./model-servers/openai/RealtimeServer.js"
export { refusedPort } from "./model-servers/refusedPort.js"
export type { Script, Step } from "./model-servers/Step.js"
export { compare, type ObservedThread } from "./oracle/compare.js"
export { readOracle } from "./oracle/readOracle.js"
export { readSessionFile, type SessionExpectation } from "./oracle/readSessionFile.js"
export { askingServer, foldOfRelease, packageRoot, type Release, releaseDump, releases } from "./packageFiles.js"
export { plantedSecrets } from "./plantedSecrets.js"
export { makePauses, paused, pausing } from "./properties.js"
export {
  caseNamed,
  cases,
  corruptLine,
  cutAt,
  type Recording,
  recording,
  recordings,
  type SessionFile,
  sessionFiles,
} from "./recordings/recordings.js"
export { type ReducedTrace, reducedTrace, type TraceBundle, traceBundles } from "./recordings/traceBundles.js"
export { samplePng } from "./samplePng.js"
export {
  brokenFold,
  brokenFoldModule,
  type LookAlike,
  lookAlikeDrafts,
  lookAlikes,
  type StuckDraft,
  type StuckState,
  stuckDrafts,
  stuckStates,
  stuckThreadId,
} from "./stuck.js"
