/** Asks a program for its version. */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { isAbsolute } from "node:path"
import { Effect } from "effect"

/** A program that says nothing for so long is not going to, ms. */
const timeLimitMs = 10_000
/** More than any version, and less than a program that has misunderstood us may write. */
const mostCharacters = 10_000

/** Arguments that belong to the program itself: the script that an interpreter runs. */
const scriptOf = (args: readonly string[]): readonly string[] => {
  const end = args.findIndex((arg) => !isAbsolute(arg) || !existsSync(arg))
  return end === -1 ? args : args.slice(0, end)
}

/** What came of it: the first line that it wrote, or why it could not be started. */
export type VersionAnswer = { readonly version: string | null } | { readonly failed: string }

/** Runs `program --version`, in a process group of its own that is gone afterwards. */
export const programVersion = (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Effect.Effect<VersionAnswer> =>
  Effect.async<VersionAnswer>((resume) => {
    const ownGroup = process.platform !== "win32"
    const child = spawn(program, [...scriptOf(args), "--version"], {
      env,
      detached: ownGroup,
      windowsHide: true,
      stdio: ["ignore", "pipe", "ignore"],
    })
    let output = ""
    const end = () => {
      try {
        if (ownGroup && child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
        else child.kill("SIGKILL")
      } catch {
        // It has ended by itself.
      }
    }
    const late = setTimeout(end, timeLimitMs)
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text
      if (output.length > mostCharacters) end()
    })
    child.once("error", (error) => {
      clearTimeout(late)
      resume(Effect.succeed({ failed: error.message }))
    })
    child.once("close", () => {
      clearTimeout(late)
      const line = output.split("\n", 1)[0]?.trim() ?? ""
      resume(Effect.succeed({ version: line === "" ? null : line.slice(0, 200) }))
    })
    return Effect.sync(end)
  })
