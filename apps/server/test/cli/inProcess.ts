/** Command lines in the process of the test, where a process of their own would show nothing more. */
import { Effect } from "effect"
import { expect, vi } from "vitest"
import { main } from "../../src/cli/main.js"

/** Runs a command line that must write nothing to standard output; gives its exit code and what standard error got. */
export const refused = async (args: readonly string[]): Promise<{ readonly code: number; readonly stderr: string }> => {
  let stderr = ""
  const out = vi.spyOn(process.stdout, "write").mockImplementation(() => true)
  const error = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text)
    return true
  })
  try {
    const code = await Effect.runPromise(main(["node", "threadfold", ...args]))
    expect(out).not.toHaveBeenCalled()
    return { code, stderr }
  } finally {
    out.mockRestore()
    error.mockRestore()
  }
}
