import { describe, expect, it } from "@effect/vitest"
import { arbHostile, arbSession, pausing } from "@threadfold/testkit"
import fc from "fast-check"
import type { EventDraft, Submission } from "../Submission.js"
import { wholeMessage } from "../writer/storedMessage.js"
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

  it("has a text of many megabytes once, and its message again on the other side", () => {
    const text = `"line" ✓\n`.repeat(200_000)
    const payload = { kind: "command", text, exitCode: 0 }
    const raw = JSON.stringify({ method: "item/completed", params: { item: { aggregatedOutput: text }, id: "a" } })
    const long: EventDraft = { ...draft, event: { ...event, payload, raw } }
    for (const submission of [{ drafts: [draft, long] }, { drafts: [long], refuseLive: true }]) {
      const sent = submissionToSent(submission)
      expect(JSON.stringify(sent).length).toBeLessThan(1.2 * raw.length)
      const arrived = submissionFromSent(structuredClone(sent))
      const events = arrived.drafts.map((one) => one.event)
      expect(events.map((one) => ({ ...one, raw: wholeMessage(one) ?? undefined }))).toEqual(
        submission.drafts.map((one) => ({ raw: undefined, ...one.event })),
      )
      expect({ ...arrived, drafts: [] }).toEqual({ ...submission, drafts: [] })
    }
    // A message that has another text, and one that is short, go as they are.
    for (const other of [raw.replaceAll("✓", "\\u2713"), "short"]) {
      const one: EventDraft = { ...draft, event: { ...event, payload, raw: other } }
      expect(crossed({ drafts: [one] })).toEqual({ drafts: [one] })
    }
  })
})
