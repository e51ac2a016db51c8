/** The script of every worker: loads the part that its name says. Messages that come before are kept for it. */

const parts: Readonly<Record<string, () => Promise<{ readonly answer: (message: unknown) => unknown }>>> = {
  highlight: () => import("./highlight.js"),
  past: () => import("./pastPart.js"),
  bundle: () => import("./bundlePart.js"),
}

const load = parts[self.name]
if (load === undefined) throw new Error(`There is no part of the worker with the name ${self.name}.`)
const part = load()

/** A message is `{id, ask}`; its answer `{id, answer}`, or `{id, error}`. */
addEventListener("message", ({ data: { ask, id } }: MessageEvent<{ readonly id: number; readonly ask: unknown }>) => {
  part
    .then(({ answer }) => answer(ask))
    .then(
      (answer) => postMessage({ id, answer }),
      (error: unknown) => postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
    )
})
