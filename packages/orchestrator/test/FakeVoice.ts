/** A transport of voice conversations that the test plays: each start does what was asked of it, each link says what it is told. */
import { DirectVoice, VoiceFailed, type VoiceLink, type VoiceRequest, type VoiceWord } from "@threadfold/providers"
import { Effect, Layer, Queue, Stream } from "effect"

/** What the next start does. */
export type StartBehaviour = "up" | "fail" | "hang"

export class FakeLink {
  private readonly words = Effect.runSync(Queue.unbounded<VoiceWord | null>())
  /** What the next input does. */
  nextInput: "taken" | "broken" | "hanging" = "taken"
  readonly inputs: string[] = []
  isClosed = false

  constructor(readonly request: VoiceRequest) {}

  /** Says something, also when nobody listens any more. */
  say(word: VoiceWord): void {
    this.words.unsafeOffer(word)
  }

  /** The other side goes away. */
  hangUp(): void {
    this.words.unsafeOffer(null)
  }

  private input(what: string) {
    return Effect.suspend(() => {
      if (this.nextInput === "broken") return new VoiceFailed({ message: "The pipe is broken.", isRecorded: false })
      if (this.nextInput === "hanging") return Effect.never
      this.inputs.push(what)
      return Effect.void
    })
  }

  readonly link: VoiceLink = {
    isRecorded: false,
    version: "v2",
    words: Stream.fromQueue(this.words).pipe(Stream.takeWhile((word): word is VoiceWord => word !== null)),
    appendText: (text) => this.input(text),
    appendAudio: ({ data }) => this.input(data),
    speak: (text) => this.input(text),
    report: (handoffId, text) => this.input(`${handoffId}: ${text}`),
    close: Effect.sync(() => {
      this.isClosed = true
      this.hangUp()
    }),
  }
}

export class FakeVoice {
  readonly links: FakeLink[] = []
  next: StartBehaviour = "up"

  readonly layer = Layer.succeed(DirectVoice, {
    voices: () => Effect.succeed({ versions: {}, defaults: {}, models: null, defaultModel: null }),
    check: () => Effect.void,
    open: (request) =>
      Effect.suspend(() => {
        switch (this.next) {
          case "fail":
            return Effect.fail(new VoiceFailed({ message: "Nobody is there.", isRecorded: false }))
          case "hang":
            return Effect.never
          case "up": {
            const link = new FakeLink(request)
            this.links.push(link)
            return Effect.as(
              Effect.addFinalizer(() => link.link.close),
              link.link,
            )
          }
        }
      }),
  })
}
