/**
 * The rules of threads for questions that no person answers (rule 6 of docs/rules.md): which rule counts for a question, and
 * whether the question takes the answer that it gives.
 */
import type { ThreadRow, UnattendedRule, UnattendedRules } from "@threadfold/contracts"
import { Either } from "effect"
import { asksForAddress, choicesOf, type Taken, take } from "../decide/answer.js"

/** A thread, as far as its rules go. */
export interface RuleHolder extends Pick<ThreadRow, "threadId" | "agent"> {
  readonly rules: UnattendedRules | null
}

/** A thread and the threads that it was spawned from are looked at for rules up to so many. */
export const ruleHoldersLimit = 16

/** A rule, and the thread that has it. */
export interface HeldRule<Rule extends UnattendedRule = UnattendedRule> {
  readonly rule: Rule
  readonly threadId: string
}

/** A rule that answers. */
export type AnswerRule = Exclude<UnattendedRule, { readonly action: "wait" }>

/** Whether the rule answers. */
export const isAnswerRule = (held: HeldRule): held is HeldRule<AnswerRule> => held.rule.action !== "wait"

/**
 * The rule that counts for a question; null: none is for its kind. A thread that an agent opened by itself and that has no rules of
 * its own follows those of the thread that it was opened from.
 *
 * @param line the thread of the question, the one that it was spawned from, and so on
 */
export const ruleFor = (line: readonly RuleHolder[], kind: string): HeldRule | null => {
  for (const { agent, rules, threadId } of line) {
    if (rules !== null) {
      const rule = rules.find((one) => (one.kind ?? kind) === kind)
      return rule === undefined ? null : { rule, threadId }
    }
    // An agent that a person chose for the thread is nobody's sub-agent.
    if (agent !== null) return null
  }
  return null
}

/** An answer that a rule gives. */
export interface RuleAnswer {
  readonly decision: string
  readonly taken: Taken
}

/** Kinds whose `accept` means the same for every agent, also where the question does not state what it takes. */
const approvals: ReadonlySet<string> = new Set(["command_approval", "file_change_approval", "permissions"])

/** The first of these decisions that the question takes without data. */
const firstTaken = (row: QuestionAsked, decisions: readonly string[]): Either.Either<RuleAnswer, string> => {
  for (const decision of decisions) {
    const taken = take(row, decision, null)
    if (Either.isRight(taken)) return Either.right({ decision, taken: taken.right })
  }
  return Either.left(`it takes no ${decisions[0]} without more`)
}

/** What a question asks, by its row. */
export interface QuestionAsked {
  readonly kind: string
  readonly data?: unknown
}

/** The answer that an action gives to a question, or why the question does not take it, as part of a sentence. */
export const answerBy = (row: QuestionAsked, action: AnswerRule["action"]): Either.Either<RuleAnswer, string> => {
  // The mildest refusal first: `cancel` may end the turn.
  if (action === "decline") return firstTaken(row, ["decline", "cancel"])
  if (asksForAddress(row.data)) return Either.left("it asks a person to open an address")
  if (row.kind === "user_input") return Either.left("it asks for an answer in words")
  return choicesOf(row.data) === null && !approvals.has(row.kind)
    ? Either.left("it does not say which answers it takes")
    : firstTaken(row, ["accept"])
}
