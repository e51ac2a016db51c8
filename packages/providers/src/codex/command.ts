/** The command line of a provider process, fit to be stored: values that are secret by their name are taken out. */

const secretName = /token|secret|passw|api[-_]?key|authorization|bearer|credential/i
const removed = "[removed]"

/** Removes the value of every `name=value` and every option whose name says that its value is secret. */
export const withoutSecrets = (command: readonly string[]): readonly string[] =>
  command.map((argument, index) => {
    const separator = argument.indexOf("=")
    if (separator !== -1) {
      const name = argument.slice(0, separator)
      return secretName.test(name) ? `${name}=${removed}` : argument
    }
    const option = index === 0 ? "" : (command[index - 1] ?? "")
    const isValue = option.startsWith("-") && !option.includes("=") && !argument.startsWith("-")
    return isValue && secretName.test(option) ? removed : argument
  })
