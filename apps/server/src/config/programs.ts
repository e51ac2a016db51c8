/** Programs as a shell would find them. */
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** True: the command is a path, not a bare name. */
export const isPath = (command: string): boolean => command.includes("/") || command.includes("\\")

/** Names under which Windows finds a program that is called without its ending. */
const endings = (platform: NodeJS.Platform, env: Readonly<Record<string, string | undefined>>): readonly string[] =>
  platform === "win32" ? ["", ...(env.PATHEXT ?? ".COM;.EXE;.BAT;.CMD").split(";")] : [""]

/** Absolute path of the program that a command starts, or null where there is none. */
export const findProgram = (
  command: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string | null => {
  const folders = isPath(command) ? [""] : (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
  for (const folder of folders) {
    for (const ending of endings(platform, env)) {
      const file = resolve(join(folder, `${command}${ending}`))
      if (isProgram(file)) return file
    }
  }
  return null
}
