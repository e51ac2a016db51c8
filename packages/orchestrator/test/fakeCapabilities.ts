/** What the agent of a test can do, and the ways in which it takes an order. */
import { allCapabilities, type Capabilities, type PartCapabilities } from "@threadfold/providers"

/** What the agent does with an order. */
export type Behaviour =
  /** It takes it and answers. */
  | "answer"
  /** It takes it and never answers. */
  | "silence"
  /** It refuses it. */
  | "refuse"
  /** It refuses it before anything is sent. */
  | "refuse-unsent"
  /** It never takes the bytes. */
  | "hang"
  /** Its process is found to be gone. */
  | "lost"
  /** It does it when its conversation is opened again. */
  | "reopen"

/** What a test may set of it. */
interface Abilities {
  /** Its process serves several threads. */
  readonly sharesConnection: boolean
  /** What it lets a client choose. */
  readonly choices: Capabilities["configuration"]
  /** Parts that it takes beside text. */
  readonly takes: PartCapabilities
}

/** The record of what it can do. */
export const fakeCapabilities = ({ choices, sharesConnection, takes }: Abilities): Capabilities => ({
  ...allCapabilities(sharesConnection, choices, ["models", "account"]),
  rewind: true,
  ...takes,
})
