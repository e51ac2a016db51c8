/** Threads as command lines name them: by the first argument, or with `--thread`. Every command about a thread takes both. */
import { Args, Options } from "@effect/cli"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { usageProblem } from "./failures.js"

/** The thread as it was named; each may be missing. */
export interface NamedThread {
  readonly argument: Option.Option<string>
  readonly option: Option.Option<string>
}

const what = "its id, the beginning of it, or the provider's id"

/** The argument and the option, for `Command.make`. @param of what the thread is to the command, without the full stop */
export const namedThread = (of = "A thread", which = what) => ({
  argument: Args.text({ name: "THREAD" }).pipe(Args.withDescription(`${of}: ${which}.`), Args.optional),
  option: Options.text("thread").pipe(
    Options.withDescription("The same as the argument THREAD: give one of them."),
    Options.optional,
  ),
})

/** The thread that was named, if one was. */
export const optionalThread = ({ argument, option }: NamedThread): Effect.Effect<Option.Option<string>, Problem> =>
  Option.isSome(argument) && Option.isSome(option)
    ? usageProblem(
        `The thread is named twice: ${JSON.stringify(argument.value)}, and ${JSON.stringify(option.value)} with --thread. Give one of them.`,
      )
    : Effect.succeed(Option.orElse(argument, () => option))

/** The thread that was named. One has to be. */
export const requiredThread = (named: NamedThread): Effect.Effect<string, Problem> =>
  Effect.flatMap(
    optionalThread(named),
    Option.match({
      onNone: () => usageProblem(`A THREAD is missing: ${what}. \`threadfold threads\` lists them.`),
      onSome: Effect.succeed,
    }),
  )
