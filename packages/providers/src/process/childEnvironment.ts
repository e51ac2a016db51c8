/**
 * The environment of an agent's process. Ours may hold secrets that an agent must not see (tokens of the shell that started
 * the server, or of a CI job). So a child gets only the variables that programs need to run, those that the configuration
 * sets or names, and our marks.
 */

const posixNames = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "COLORTERM", "TMPDIR", "TZ"]
const networkNames = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
]
const windowsNames = [
  "SYSTEMROOT",
  "SYSTEMDRIVE",
  "WINDIR",
  "COMSPEC",
  "PATHEXT",
  "TEMP",
  "TMP",
  "USERPROFILE",
  "USERNAME",
  "USERDOMAIN",
  "HOMEDRIVE",
  "HOMEPATH",
  "APPDATA",
  "LOCALAPPDATA",
  "PROGRAMDATA",
  "PROGRAMFILES",
  "PROGRAMFILES(X86)",
  "PROCESSOR_ARCHITECTURE",
  "NUMBER_OF_PROCESSORS",
  "OS",
]

const common: ReadonlySet<string> = new Set([...posixNames, ...networkNames, ...windowsNames])

/** Whether a variable is harmless and programs need it. Names of proxies, and all names on Windows, may be lower case. */
const isCommon = (name: string): boolean => {
  const upper = name.toUpperCase()
  return common.has(upper) || upper.startsWith("LC_") || upper.startsWith("XDG_")
}

export interface EnvironmentOptions {
  /** Variables that the configuration sets. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of further variables of ours that the configuration lets through, for example `OPENAI_API_KEY`. */
  readonly inherit?: readonly string[]
  /** Variables that identify the process. They win over all others. */
  readonly marks?: Readonly<Record<string, string>>
}

/** The whole environment of a child, made from that of its parent. */
export const childEnvironment = (
  parent: Readonly<Record<string, string | undefined>>,
  { env = {}, inherit = [], marks = {} }: EnvironmentOptions,
): Record<string, string> => {
  const child: Record<string, string> = {}
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && (isCommon(name) || inherit.includes(name))) child[name] = value
  }
  return Object.assign(child, env, marks)
}
