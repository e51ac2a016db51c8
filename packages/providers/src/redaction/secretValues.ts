/**
 * Values that must not be stored or shown: by the names of the variables and options that carry them. What else is secret
 * nobody can tell from a name; ingestion and export look at the values that the service holds.
 */

const secretName = /token(?!s)|secret|passw|api[-_]?key|authorization|bearer|credential|private[-_]?key/i
/** What only says where a secret is, or something about it: to take a path out of all that an agent says would hide its work. */
const aboutSecret = /[-_](file|path|dir|directory|url|uri|name|type|ttl|timeout|limit|count|size)$/i

/** What stands where something secret was. */
export const removed = "[removed]"
/** Shorter values stand in ordinary text by chance: to take them out would garble it and tell where they were. */
const shortestSecret = 8

/** True: a variable or option of this name holds something secret. */
export const isSecretName = (name: string): boolean => secretName.test(name) && !aboutSecret.test(name)

/** The password of a URL, for example of a proxy. */
const passwordIn = (value: string): readonly string[] => {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]*:([^/?#@\s]+)@/i.exec(value)?.[1]
  return password === undefined ? [] : [password]
}

/** No everyday word, and no number: those are limits and times, whatever their names say. */
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

/** A command line, and what in it is secret: the value of every `name=value` and every option whose name is. */
const readCommand = (command: readonly string[]) =>
  command.map((argument, index): { readonly stored: string; readonly secret: string } => {
    const separator = argument.indexOf("=")
    if (separator !== -1) {
      const name = argument.slice(0, separator)
      return isSecretName(name)
        ? { stored: `${name}=${removed}`, secret: argument.slice(separator + 1) }
        : { stored: argument, secret: "" }
    }
    const option = index === 0 ? "" : (command[index - 1] ?? "")
    const isValue = option.startsWith("-") && !option.includes("=") && !argument.startsWith("-")
    return isValue && isSecretName(option) ? { stored: removed, secret: argument } : { stored: argument, secret: "" }
  })

/** A command line fit to be stored. */
export const withoutSecrets = (command: readonly string[]): readonly string[] =>
  readCommand(command).map(({ stored }) => stored)

/** What is secret in a command line, without quotes around it, longest first. */
export const secretArguments = (command: readonly string[]): readonly string[] =>
  longestFirst(readCommand(command).map(({ secret }) => secret.replace(/^(["'])(.*)\1$/, "$2")))
