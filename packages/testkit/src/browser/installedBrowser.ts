/**
 * The browser that tests of the web page drive: a Chromium of this machine, which `node scripts/run.mjs browser` installs where Debian's
 * `apt-get` can. A test that needs it asks here first, and is skipped with the reason where there is none.
 */
import { accessSync, constants, existsSync } from "node:fs"
import { delimiter, join } from "node:path"

export interface InstalledBrowser {
  readonly installed: true
  /** Absolute path of the program. */
  readonly command: string
}

export interface MissingBrowser {
  readonly installed: false
  /** One sentence: why it is not there and what to do about it; what a skipped test prints. */
  readonly reason: string
  /** True where it is expected: in CI, on a machine whose `apt-get` could have installed it. Its tests then fail. */
  readonly expected: boolean
}

/** Names that Chromium and its kin are installed under, the wanted one first. */
const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome.exe"]

/** Where macOS has them, which puts no programs on PATH. */
const applications = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]

const canRun = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file) && canRun(file))

/** Where a program of PATH lies, or null. */
export const programOnPath = (name: string): string | null => onPath(name) ?? null

/**
 * Where the browser is, or why it is not there. `THREADFOLD_BROWSER` names another program, or leaves the browser out (`none`).
 */
export const installedBrowser = (): InstalledBrowser | MissingBrowser => {
  const asked = process.env.THREADFOLD_BROWSER?.trim() ?? ""
  const missing = (reason: string, expected = false): MissingBrowser => ({ installed: false, reason, expected })
  if (asked === "none") return missing("The browser is left out by THREADFOLD_BROWSER; unset it to run these tests.")
  if (asked !== "") {
    return canRun(asked)
      ? { installed: true, command: asked }
      : missing(`THREADFOLD_BROWSER names ${asked}, which is no program that can be run here; name another one.`, true)
  }
  const command = names.flatMap((name) => onPath(name) ?? [])[0] ?? applications.find(canRun)
  if (command !== undefined) return { installed: true, command }
  const hasApt = onPath("apt-get") !== undefined
  return missing(
    hasApt
      ? "No Chromium is installed; run `apt-get install -y chromium` as root, or `node scripts/run.mjs browser`."
      : "No Chromium is installed, and there is no apt-get that could install it; name the program of one in THREADFOLD_BROWSER.",
    hasApt && process.env.CI === "true",
  )
}
