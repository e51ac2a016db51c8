/**
 * Every environment variable that the product reads, in one place: its name, what it takes, what it is for.
 * docs/reference/environment.md is made from this list. Modules of the program ask for the environment here and nowhere else;
 * only `NODE_PATH` is read before, in `modulePaths.ts`, because it decides which modules are loaded.
 */
import { Config, ConfigError, Data, Effect, Either, Option } from "effect"

/** A variable has a value that it does not take. The error leaves the value out: it may be secret. */
export class EnvironmentInvalid extends Data.TaggedError("EnvironmentInvalid")<{
  readonly variable: string
  readonly accepts: string
}> {
  override get message(): string {
    return `The environment variable ${this.variable} takes ${this.accepts}.`
  }
}

/** An environment variable. */
export interface Variable<A> {
  readonly name: string
  /** The values that it takes, to follow "takes". */
  readonly accepts: string
  readonly meaning: string
  /** Its value; none where it is not set, or empty. */
  readonly value: Config.Config<Option.Option<A>>
}

const variable = <A>(
  name: string,
  accepts: string,
  meaning: string,
  parse: (text: string) => Option.Option<A>,
): Variable<A> => ({
  name,
  accepts,
  meaning,
  value: Config.string(name).pipe(
    Config.option,
    Config.mapOrFail(
      Option.match({
        onNone: () => Either.right(Option.none<A>()),
        onSome: (text) => {
          if (text === "") return Either.right(Option.none<A>())
          const parsed = parse(text)
          return Option.isSome(parsed)
            ? Either.right(parsed)
            : Either.left(ConfigError.InvalidData([name], `takes ${accepts}`))
        },
      }),
    ),
  ),
})

const text = (name: string, accepts: string, meaning: string): Variable<string> =>
  variable(name, accepts, meaning, Option.some)

/** An address of the web. */
const webAddress = (text: string): Option.Option<URL> =>
  Option.filter(
    Option.liftThrowable((address: string) => new URL(address))(text),
    ({ protocol }) => protocol === "http:" || protocol === "https:",
  )

/** `name=value,…`, values percent-encoded, as the specification of OpenTelemetry has it. */
const headerList = (text: string): Option.Option<Readonly<Record<string, string>>> =>
  Option.map(
    Option.all(
      text
        .split(",")
        .filter((pair) => pair.trim() !== "")
        .map((pair) => {
          const [, name, value] = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=(.*)$/.exec(pair) ?? []
          return name === undefined || value === undefined
            ? Option.none()
            : Option.map(Option.liftThrowable(decodeURIComponent)(value.trim()), (said) => [name, said] as const)
        }),
    ),
    Object.fromEntries,
  )

/** All of them, in the order of the reference. */
export const variables = {
  dataDirectory: text(
    "THREADFOLD_DATA_DIR",
    "the path of a folder",
    "The data directory where no `--data-dir` is given.",
  ),
  importsRoot: text(
    "THREADFOLD_IMPORTS_ROOT",
    "the path of a folder",
    "The folder whose recordings `POST /v1/imports` may import by their path. Overrides `imports.root` of the configuration.",
  ),
  xdgDataHome: text(
    "XDG_DATA_HOME",
    "an absolute path (a relative one is ignored, as its specification says)",
    "The data directory is `threadfold` in this folder where nothing else names one. Not read on macOS and Windows.",
  ),
  localAppData: text(
    "LOCALAPPDATA",
    "an absolute path (a relative one is ignored)",
    "The same on Windows, where only commands that read are supported.",
  ),
  codexHome: text(
    "CODEX_HOME",
    "the path of a folder",
    "`threadfold import found` looks for the sessions of Codex there. Not set: `~/.codex`.",
  ),
  codexTraceRoot: text(
    "CODEX_ROLLOUT_TRACE_ROOT",
    "the path of a folder",
    "Codex writes rollout traces there, and `threadfold import found` looks for them there. Not set: it looks for none.",
  ),
  claudeConfigDir: text(
    "CLAUDE_CONFIG_DIR",
    "the path of a folder",
    "`threadfold import found` looks for the sessions of Claude there. Not set: `~/.claude`.",
  ),
  otlpEndpoint: variable(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "an address that begins with http:// or https://",
    "`threadfold serve` sends spans and metrics there, by OTLP over HTTP with JSON, to `/v1/traces` and `/v1/metrics` below it. Not set: none are sent.",
    webAddress,
  ),
  otlpHeaders: variable(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "pairs `name=value` with commas between, values percent-encoded",
    "Headers of each call to that address, such as a key.",
    headerList,
  ),
  noColour: text("NO_COLOR", "any text", "Set and not empty: pages for people have no colours."),
  terminal: text("TERM", "the name of a terminal", "`dumb`: pages for people have no colours."),
} as const

/** The value of a variable. */
export const readVariable = <A>({
  accepts,
  name,
  value,
}: Variable<A>): Effect.Effect<Option.Option<A>, EnvironmentInvalid> =>
  Effect.mapError(value, () => new EnvironmentInvalid({ variable: name, accepts }))

/** Values by name, as an environment has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment as a whole, for what is passed on or looked for in it: variables of agents, references of the
 * configuration (`${NAME}`), secrets that must not be recorded.
 */
export const wholeEnvironment = (): Environment => process.env
