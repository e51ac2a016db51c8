/**
 * Values that must not be stored or shown: by the names of the variables and options that carry them. What else is secret
 * nobody can tell from a name; ingestion and export look at the values that the service holds.
 */

const secretName = /token|secret|passw|api[-_]?key|authorization|bearer|credential|private[-_]?key/i
const removed = "[removed]"
/** Shorter values stand in ordinary text by chance: to take them out would garble it and tell where they were. */
const shortestSecret = 6

/** True: a variable or option of this name holds something secret. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** The password of a URL, for example of a proxy. */
const passwordIn = (value: string): readonly string[] => {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]*:([^/?#@\s]+)@/i.exec(value)?.[1]
  return password === undefined ? [] : [password]
}

/** The values of an environment that are secret, longest first. */
export const secretValues = (environment: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(environment)
    .flatMap(([name, value]) => (isSecretName(name) ? [value] : passwordIn(value)))
    .filter((value) => value.length >= shortestSecret)
    .sort((one, other) => other.length - one.length)

/** The text without the values. */
export const withoutValues = (text: string, values: readonly string[]): string =>
  values.reduce((left, value) => left.split(value).join(removed), text)

/** A command line fit to be stored: without the value of every `name=value` and every option whose name is secret. */
export const withoutSecrets = (command: readonly string[]): readonly string[] =>
  command.map((argument, index) => {
    const separator = argument.indexOf("=")
    if (separator !== -1) {
      const name = argument.slice(0, separator)
      return isSecretName(name) ? `${name}=${removed}` : argument
    }
    const option = index === 0 ? "" : (command[index - 1] ?? "")
    const isValue = option.startsWith("-") && !option.includes("=") && !argument.startsWith("-")
    return isValue && isSecretName(option) ? removed : argument
  })
