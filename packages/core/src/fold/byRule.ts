/**
 * The numbered rules of the fold, as data: a function that carries out a rule is registered with its number, and a traced fold tells for
 * every change which rules led to it. Without a trace a registered function is called as it is, so that the write path does no work
 * for this.
 */
/** The rules, by the numbers and names of docs/rules.md. */
export const foldRules = {
  1: "The pointer",
  2: "The turn",
  3: "One active turn per thread",
  4: "The epoch fence",
  5: "The item",
  6: "The request",
  7: "The inference attempt",
  8: "The voice run",
  9: "The delegation",
  10: "Usage",
  11: "Other threads",
  12: "Order",
  13: "The rewind",
  14: "The queue",
  15: "Facts",
  16: "The summary",
  17: "The connection",
  18: "What changes no row",
  19: "The tombstone",
} as const

/** The number of a rule in docs/rules.md. */
export type RuleNumber = keyof typeof foldRules

/** Rules that led to a change: the one that made it last, before it those that it was reached through. Never empty. */
export type RulePath = readonly [RuleNumber, ...RuleNumber[]]

/** What is noted of one event that is folded with a trace. */
export class FoldTrace {
  /** The rules of each change, in the order of the changes. */
  readonly paths: RulePath[] = []
  /** The rule that the event's type goes by; null: no rule of a type was reached. */
  ofType: RuleNumber | null = null
  private readonly credits = new Map<string, RulePath>()
  private readonly stack: RuleNumber[] = []

  enter(rule: RuleNumber): void {
    this.stack.push(rule)
  }

  leave(): void {
    this.stack.pop()
  }

  /** A change was made. */
  made(): void {
    this.paths.push(this.path())
  }

  /** The rules that are being carried out set a field of a row that is written later, by other rules. */
  credit(table: string, key: string, field: string): void {
    this.credits.set(`${table}/${key}#${field}`, this.path())
  }

  /** The rules that set a field of a row before its change was made; null: the change's own did. */
  creditOf(table: string, key: string, field: string): RulePath | null {
    return this.credits.get(`${table}/${key}#${field}`) ?? null
  }

  /** Forgets all of it: the step became the anomaly `fold-defect` alone. */
  becomeDefect(): void {
    this.credits.clear()
    this.stack.length = 0
    this.paths.length = 0
    this.made()
  }

  /** Outside of every registered rule an event is only kept: rule 18. */
  private path(): RulePath {
    const [first = 18, ...others] = this.stack.filter((rule, at) => rule !== this.stack[at - 1])
    return [first, ...others]
  }
}

/** A step that may note the rules of its changes. */
interface Traceable {
  /** Null: nothing is noted. */
  readonly trace: FoldTrace | null
}

/** Registers a function of a step with the rule that it carries out. */
export const byRule =
  <Step extends Traceable, Rest extends readonly unknown[], Result>(
    rule: RuleNumber,
    apply: (step: Step, ...rest: Rest) => Result,
  ) =>
  (step: Step, ...rest: Rest): Result => {
    const { trace } = step
    if (trace === null) return apply(step, ...rest)
    trace.enter(rule)
    try {
      return apply(step, ...rest)
    } finally {
      trace.leave()
    }
  }
