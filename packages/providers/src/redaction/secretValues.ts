/**
 * Finds values that must not be stored or shown, by the names of the variables and options that carry them. A name does not
 * show every secret. So ingestion and export also compare with the secrets that the service holds.
 */

const secretName = /token(?!s)|secret|passw|api[-_]?key|authorization|bearer|credential|private[-_]?key/i
/** Names of values that only describe a secret, or say where it is. Redacting such a path would hide the agent's work. */
const aboutSecret = /[-_](file|path|dir|directory|url|uri|name|type|ttl|timeout|limit|count|size)$/i

/** The text that replaces a secret. */
export const redactedText = "[removed]"
/** Shorter values occur in ordinary text by chance. Redacting them would garble the text and reveal where they were. */
const shortestSecret = 8

/** Whether a variable or option of this name holds a secret. */
export const isSecretName = (name: string): boolean => secretName.test(name) && !aboutSecret.test(name)

/** The password of a URL, for example of a proxy. */
const passwordIn = (value: string): readonly string[] => {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]*:([^/?#@\s]+)@/i.exec(value)?.[1]
  return password === undefined ? [] : [password]
}

/** Whether a value is long enough to be a secret, and no number: numbers are limits and times, whatever their names. */
const canBeSecret = (value: string): boolean => value.length >= shortestSecret && !/^\d+$/.test(value)

const longestFirst = (values: readonly string[]): readonly string[] =>
  values.filter(canBeSecret).sort((one, other) => other.length - one.length)

/** The values of an environment that are secret, longest first. */
export const secretValues = (environment: Readonly<Record<string, string | undefined>>): readonly string[] =>
  longestFirst(
    Object.entries(environment).flatMap(([name, value = ""]) =>
      isSecretName(name) ? [value, ...passwordIn(value)] : passwordIn(value),
    ),
  )

/** The arguments of a command line and the secrets in them: the value of `name=value` or of an option with a secret name. */
const readCommand = (command: readonly string[]) =>
  command.map((argument, index): { readonly stored: string; readonly secret: string } => {
    const separator = argument.indexOf("=")
    if (separator !== -1) {
      const name = argument.slice(0, separator)
      return isSecretName(name)
        ? { stored: `${name}=${redactedText}`, secret: argument.slice(separator + 1) }
        : { stored: argument, secret: "" }
    }
    const option = index === 0 ? "" : (command[index - 1] ?? "")
    const isValue = option.startsWith("-") && !option.includes("=") && !argument.startsWith("-")
    return isValue && isSecretName(option)
      ? { stored: redactedText, secret: argument }
      : { stored: argument, secret: "" }
  })

/** A command line that may be stored. */
export const withoutSecrets = (command: readonly string[]): readonly string[] =>
  readCommand(command).map(({ stored }) => stored)

/** The secrets in a command line, without quotes around them, longest first. */
export const secretArguments = (command: readonly string[]): readonly string[] =>
  longestFirst(readCommand(command).map(({ secret }) => secret.replace(/^(["'])(.*)\1$/, "$2")))
