/** Which bundle the page shows instead of its server's log, and what became of the file that a person opened last. */
import { Api } from "../api/Api.js"
import { asProblem, type PageProblem } from "../api/PageProblem.js"
import type { InboxCount } from "../live/InboxCount.js"
import { ValueStore } from "../live/KeyedStore.js"
import type { PageServices } from "../shell/PageContext.js"
import { goToBundle, isBundleAddress, leaveBundle } from "./hashAddress.js"
import { type OpenBundle, openBundle, StillFeed } from "./OpenBundle.js"

export interface BundleState {
  /** What is shown; null: no bundle. */
  readonly shown: PageServices | null
  /** Name of the file that is being opened; null: none is. */
  readonly opening: string | null
  /** Why the last one was not opened; null: it was, or a person has seen it. */
  readonly refused: { readonly name: string; readonly problem: PageProblem } | null
}

const servicesOf = (bundle: OpenBundle): PageServices => ({
  session: null,
  api: new Api(bundle.fetch),
  feed: new StillFeed(),
  inbox: { counts: new ValueStore<ReturnType<InboxCount["counts"]["get"]>>(null) },
  bundle,
})

type Open = (name: string, file: Blob, signal: AbortSignal) => Promise<OpenBundle>

export class Bundles {
  readonly state = new ValueStore<BundleState>({ shown: null, opening: null, refused: null })
  /** Whether there is something behind a bundle: in a file that holds one there is not. */
  canClose = true
  /** The work on the file that is wanted: one that was given up meanwhile opens nothing. */
  #work: AbortController | null = null

  constructor(private readonly openFile: Open = openBundle) {}

  /** Opens a file. What is shown stays until it is read, and where it is refused. */
  readonly open = async (name: string, file: Blob): Promise<void> => {
    this.#work?.abort()
    const work = new AbortController()
    this.#work = work
    this.#set({ opening: name, refused: null })
    try {
      const bundle = await this.openFile(name, file, work.signal)
      if (work.signal.aborted) return bundle.close()
      const { shown } = this.state.get()
      shown?.bundle?.close()
      // Where a person was in another bundle there may be nothing in this one.
      goToBundle(shown !== null)
      this.#set({ shown: servicesOf(bundle), opening: null })
    } catch (error) {
      if (!work.signal.aborted) this.#set({ opening: null, refused: { name, problem: asProblem(error) } })
    }
  }

  /** Gives up the file that is being opened. */
  readonly cancel = (): void => {
    this.#work?.abort()
    this.#set({ opening: null })
  }

  /** Takes the refusal away. */
  readonly forget = (): void => this.#set({ refused: null })

  /** Closes the bundle. */
  readonly close = (): void => {
    this.state.get().shown?.bundle?.close()
    this.#set({ shown: null })
    leaveBundle()
  }

  /** Closes the bundle once a person goes back to before it was opened. */
  readonly listen = (): void => {
    addEventListener("popstate", () => {
      if (this.state.get().shown !== null && !isBundleAddress()) this.close()
    })
  }

  #set(part: Partial<BundleState>): void {
    this.state.set({ ...this.state.get(), ...part })
  }
}

/** The one of this page. */
export const bundles = new Bundles()

/** Lets a person choose a file, and opens it. */
export const chooseBundle = (): void => {
  const input = document.createElement("input")
  input.type = "file"
  input.addEventListener("change", () => {
    const [file] = input.files ?? []
    if (file !== undefined) void bundles.open(file.name, file)
  })
  input.click()
}
