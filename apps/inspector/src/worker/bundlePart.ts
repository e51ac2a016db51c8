/** The part of the worker that holds a bundle: it reads and checks it, folds its threads, and answers the page's calls out of it. */
import { BundleAnswers } from "../bundle/bundleAnswers.js"
import { BundleRefused } from "../bundle/bundleLines.js"
import type { BundleReply } from "../bundle/OpenBundle.js"
import { readBundle } from "../bundle/readBundle.js"

let answers: BundleAnswers | null = null

/** Lets messages of the page through. */
const pause = (): Promise<void> => new Promise((go) => setTimeout(go, 0))

const opened = async (file: Blob): Promise<BundleReply> => {
  try {
    const bundle = await readBundle(file)
    const made = new BundleAnswers(bundle)
    await made.threads.foldAll(pause)
    answers = made
    const { head, log } = bundle
    return { kind: "opened", redaction: head.redaction, threads: made.threads.count, events: log.head }
  } catch (error) {
    if (!(error instanceof BundleRefused)) throw error
    const { detail, next, title } = error
    return { kind: "refused", title, detail, next }
  }
}

/** Answers a message to the worker: a file to open, or a path to answer. */
export const answer = (message: unknown): BundleReply | Promise<BundleReply> => {
  if (message instanceof Blob) return opened(message)
  if (typeof message !== "string" || answers === null) throw new TypeError("Not a question about a bundle.")
  return { kind: "answer", ...answers.answer(message) }
}
