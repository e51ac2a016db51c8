import { describe, expect, it } from "@effect/vitest"
import { arbHostile, arbSession, pausing } from "@threadfold/testkit"
import fc from "fast-check"
import type { EventDraft, Submission } from "../Submission.js"
import { submissionFromSent, submissionToSent } from "./SentSubmission.js"

const crossed = (submission: Submission): Submission =>
  submissionFromSent(structuredClone(submissionToSent(submission)))

describe("a submission that crosses the threads", () => {
  const event = {
    type: "item.started",
    channel: "agent",
    seq: 1,
    at: 1,
    native: { itemId: "a" },
    payload: { kind: "x" },
  }
  const draft: EventDraft = { to: { streamId: "s" }, sessionId: "t", actor: "provider", event }

  it("arrives with all of its drafts, whatever a source sends", () =>
    fc.assert(
      pausing(fc.tuple(arbHostile(arbSession()), fc.option(fc.string(), { nil: undefined })), ([sent, key]) => {
        const drafts = sent.map(({ event }): EventDraft => {
          const to = key === undefined ? { streamId: "s" } : { streamId: "s", key }
          return { to, sessionId: null, actor: "provider", event }
        })
        expect(crossed({ drafts })).toEqual({ drafts })
      }),
      { numRuns: 40 },
    ))

  it("keeps what only some have", () => {
    const named = [{ turnId: "a" }, { itemId: "a" }, { requestId: "a" }, { inferenceId: "a" }, { realtimeId: "a" }]
    const others = [{ delegationId: "a" }, { taskId: "a" }, { eventId: "a" }, { raw: "a" }, { v: 2 }]
    const events = [...named, ...others].map((more): EventDraft => ({ ...draft, event: { ...event, ...more } }))
    const ofCommands: EventDraft[] = [
      { ...draft, commandId: "c" },
      { ...draft, carriesOn: "c" },
      { ...draft, carriesOn: null },
    ]
    for (const one of [...events, ...ofCommands]) {
      expect(crossed({ drafts: [one] })).toEqual({ drafts: [one] })
      // One that is unlike the others does not lose what it has.
      expect(crossed({ drafts: [draft, one] })).toEqual({ drafts: [draft, one] })
    }
    const meta = { drafts: [draft], meta: { a: "b" } }
    expect(crossed(meta)).toEqual(meta)
    expect(crossed({ drafts: [] })).toEqual({ drafts: [] })
  })
})
