/** `threadfold unattended THREAD`: what follows when no person answers a question of its agent. */
import { Command, Options } from "@effect/cli"
import { RequestKind, type UnattendedRule, type UnattendedRuleView } from "@threadfold/contracts"
import { Effect, Option, Schema } from "effect"
import { usageProblem } from "../failures.js"
import { ask, asProblem, openThread, writeReceipt } from "../live.js"
import { namedThread } from "../namedThread.js"
import { write, writeJson } from "../output.js"
import { dataDir, durationMs, durationUnits, json } from "../sharedOptions.js"

const RuleText = Schema.Union(
  Schema.Literal("wait"),
  Schema.TemplateLiteralParser(
    Schema.Literal("accept", "decline"),
    ":",
    Schema.NonNegativeInt,
    Schema.Literal(...durationUnits),
  ),
)
const readText = Schema.decodeUnknownOption(RuleText)
const readKind = Schema.decodeUnknownOption(RequestKind)

/** A rule as it is typed: `accept:30s`, `user_input=wait`; none: the text is none. */
export const readRule = (text: string): Option.Option<UnattendedRule> => {
  const at = text.indexOf("=")
  const kind = at < 0 ? Option.some({}) : Option.map(readKind(text.slice(0, at)), (read) => ({ kind: read }))
  return Option.zipWith(kind, readText(text.slice(at + 1)), (of, said) => {
    if (said === "wait") return { ...of, action: said }
    const [action, , count, unit] = said
    return { ...of, action, afterMs: durationMs([count, unit]) }
  })
}

/** How a rule is typed. */
const ruleWords = (rule: UnattendedRuleView): string => {
  const kind = typeof rule.kind === "string" ? `${rule.kind}=` : ""
  return "afterMs" in rule && typeof rule.afterMs === "number"
    ? `${kind}${rule.action}:${rule.afterMs / 1_000}s`
    : `${kind}${rule.action}`
}

const rule = Options.text("rule").pipe(
  Options.withPseudoName("RULE"),
  Options.withDescription(
    "wait, accept:TIME or decline:TIME, with KIND= before it for one kind of question, such as command_approval=accept:30s; the first one for a question's kind counts. TIME counts from when it was asked.",
  ),
  Options.repeated,
)

const off = Options.boolean("off").pipe(Options.withDescription("The thread has no rules of its own any more."))

export const unattendedCommand = Command.make(
  "unattended",
  { thread: namedThread(), rule, off, dataDir, json },
  (options) =>
    Effect.gen(function* () {
      if (options.off && options.rule.length > 0) return yield* usageProblem("--off and --rule exclude each other.")
      const rules: UnattendedRule[] = []
      for (const text of options.rule) {
        const read = readRule(text)
        if (Option.isNone(read)) {
          return yield* usageProblem(
            `--rule ${text} is none. It is wait, accept:TIME or decline:TIME, with KIND= before it for one kind alone (${RequestKind.literals.join(", ")}). TIME is a whole number and a unit: ${durationUnits.join(", ")}.`,
          )
        }
        rules.push(read.value)
      }
      const { threadId, threadfold } = yield* openThread(options)
      if (rules.length > 0 || options.off) {
        const set = threadfold.setUnattended(threadId, { rules: options.off ? null : rules })
        return yield* writeReceipt(yield* Effect.mapError(set, asProblem), options.json)
      }
      const { thread } = yield* ask(threadfold, (api) =>
        api.threads.get({ path: { threadId }, urlParams: { limit: 1 } }),
      )
      if (options.json) return yield* writeJson({ threadId, rules: thread.unattended })
      yield* write(
        thread.unattended === null
          ? "The thread has no rules of its own.\n"
          : thread.unattended.map((one) => `${ruleWords(one)}\n`).join(""),
      )
    }),
).pipe(
  Command.withDescription(
    "Say what follows when no person answers a question of a thread's agent: it waits, is declined or is accepted after a time. Without --rule and --off: show what is said now.",
  ),
)
