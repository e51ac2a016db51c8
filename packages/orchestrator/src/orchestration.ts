/** The services that run agents, composed in one place. A server or a test puts others in the place of some. */
import { directVoiceLive } from "@threadfold/providers"
import { Layer } from "effect"
import { AgentListings } from "./AgentListings.js"
import { AgentLogins } from "./AgentLogins.js"
import { AttachedSessions } from "./attached/AttachedSessions.js"
import { Background } from "./Background.js"
import { Configurations } from "./Configurations.js"
import { Connections } from "./connections/Connections.js"
import { HostSuspends } from "./host/SuspendDetector.js"
import { Incarnation } from "./Ids.js"
import { Blobs } from "./messages/Blobs.js"
import { Messages } from "./messages/Messages.js"
import { Orchestrator } from "./Orchestrator.js"
import { Outbox } from "./outbox/Outbox.js"
import { agentVoiceLive } from "./realtime/AgentVoiceLive.js"
import { VoiceRuns } from "./realtime/VoiceRuns.js"
import { Reaper } from "./reaper/Reaper.js"
import { Orphans } from "./recovery/Orphans.js"
import { Recovery } from "./recovery/Recovery.js"
import { Wakeups } from "./Wakeups.js"
import { Watchdog } from "./watchdog/Watchdog.js"

/** A layer for each service. */
const orchestrationParts = {
  orchestrator: Orchestrator.layer,
  reaper: Reaper.layer,
  watchdog: Watchdog.layer,
  attachedSessions: AttachedSessions.layer,
  outbox: Outbox.layer,
  voiceRuns: VoiceRuns.layer,
  agentVoice: agentVoiceLive,
  /** Without a key it refuses every start. */
  directVoice: directVoiceLive({}),
  recovery: Recovery.layer,
  connections: Connections.layer,
  blobs: Blobs.layer,
  messages: Messages.layer,
  agentListings: AgentListings.layer,
  agentLogins: AgentLogins.layer,
  configurations: Configurations.layer,
  orphans: Orphans.layer,
  suspends: HostSuspends.layer,
  wakeups: Wakeups.layer,
  background: Background.layer,
  incarnation: Incarnation.layer,
} as const

/** Layers that may take the place of others. */
export type OrchestrationParts = Partial<typeof orchestrationParts>

/**
 * Commands lead to effects, the outbox delivers them, what runs is looked after, and adapters attach their sessions. Over an engine,
 * its reads and projections, the agents and the policy of the reaper.
 */
export const orchestration = (others: OrchestrationParts = {}) => {
  const parts = { ...orchestrationParts, ...others }
  return Layer.mergeAll(
    parts.orchestrator,
    parts.messages,
    parts.configurations,
    parts.agentLogins,
    parts.reaper,
    parts.watchdog,
    parts.attachedSessions,
  ).pipe(
    Layer.provideMerge(parts.agentListings),
    Layer.provideMerge(parts.outbox),
    Layer.provideMerge(parts.voiceRuns),
    Layer.provide(Layer.merge(parts.agentVoice, parts.directVoice)),
    Layer.provideMerge(parts.recovery),
    Layer.provideMerge(parts.connections),
    Layer.provideMerge(Layer.mergeAll(parts.blobs, parts.orphans, parts.suspends)),
    Layer.provideMerge(Layer.mergeAll(parts.background, parts.incarnation, parts.wakeups)),
  )
}
