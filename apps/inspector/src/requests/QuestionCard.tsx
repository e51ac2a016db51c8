/**
 * A question of an agent with all its arguments, and the answer to it. It shows what the server says: an answer is one when the server
 * has taken it, and where another one was first, what that was.
 */
import type { RequestDetail } from "@threadfold/contracts"
import { useEffect, useRef, useState } from "react"
import { readOnlyText } from "../bundle/OpenBundle.js"
import { entryOf, visible } from "../format/format.js"
import { useKey } from "../live/KeyedStore.js"
import { Ago } from "../live/timedTexts.js"
import { type PageCommand, useCommands } from "../shell/commands.js"
import { Icon } from "../shell/Icon.js"
import { Keys } from "../shell/KeyHelp.js"
import { Notice, ProblemNotice, withCode } from "../shell/Notice.js"
import { announce, usePage } from "../shell/PageContext.js"
import {
  answersOf,
  askedOf,
  choiceFor,
  choicesOf,
  type Form,
  outcomeOf,
  type ShownChoice,
  withChoice,
  wrongsOf,
} from "./answers.js"
import classes from "./QuestionCard.module.css"
import { numberedOptions, QuestionFields } from "./QuestionFields.js"
import { RequestArguments } from "./RequestArguments.js"
import { type Answer, requestsOf } from "./Requests.js"

const kinds: Readonly<Record<string, string>> = {
  command_approval: "Run a command",
  file_change_approval: "Change files",
  permissions: "Permissions",
  tool_call: "Use a tool",
  user_input: "Question",
  elicitation: "Question of a tool",
  auth: "Sign in",
  other: "Question",
}

/** What a question is about, in a few words. */
export const requestKindLabel = (kind: string): string => entryOf(kinds, kind) ?? visible(kind)

/** What became of this page's answer, and of the question. */
const Outcome = ({ answer, request }: { answer: Answer | undefined; request: RequestDetail }) => {
  const outcome = outcomeOf(request)
  if (answer?.kind === "late") {
    return (
      <p className={classes.late} data-testid="request-outcome" role="alert">
        <Icon name="alert" />
        <span>
          <strong>Your answer came too late.</strong> {outcome ?? answer.problem.detail}
        </span>
      </p>
    )
  }
  if (outcome !== null) {
    return (
      <p className={classes.outcome} data-status={request.status} data-testid="request-outcome">
        <Icon name={request.status === "answered" ? "check" : "alert"} />
        {outcome}
      </p>
    )
  }
  if (answer?.kind === "refused") {
    return (
      <p className={classes.late} role="alert">
        <Icon name="alert" />
        <span>
          <strong>{answer.problem.title}.</strong> {answer.problem.detail} {withCode(answer.problem.next)}
        </span>
      </p>
    )
  }
  return request.lastError === null ? null : (
    <p className={classes.late} role="alert">
      <Icon name="alert" />
      <span>
        <strong>The last answer did not reach the agent.</strong> {visible(request.lastError)}
      </span>
    </p>
  )
}

interface OpenProps {
  readonly request: RequestDetail
  /** Its keys work: it is the one that a person is at. */
  readonly keys: boolean
}

const OpenRequest = ({ keys, request }: OpenProps) => {
  const services = usePage()
  const requests = requestsOf(services)
  const answer = useKey(requests.answers, request.requestId)
  const [form, setForm] = useState<Form>({})
  const [words, setWords] = useState("")
  const [tried, setTried] = useState(false)
  const [wrongWords, setWrongWords] = useState<string | null>(null)
  const card = useRef<HTMLFormElement>(null)

  const questions = askedOf(request).questions ?? []
  const choices = choicesOf(request)
  const options = numberedOptions(questions)
  const isBundle = services.bundle !== null
  const canAnswer = request.status === "open" && answer?.kind !== "sending" && !isBundle
  const takesWords = choices.some(({ data }) => data !== null)
  const needsWords = choices.some(({ data }) => data === "required")
  const wrongs = wrongsOf(request, form)

  const dataOf = (choice: ShownChoice): { readonly data: unknown } | null => {
    if (choice.fills) {
      if (wrongs.size === 0) return { data: answersOf(request, form) }
      setTried(true)
      announce("Some answers are missing or wrong.")
      requestAnimationFrame(() => card.current?.querySelector<HTMLElement>("[aria-describedby] input")?.focus())
      return null
    }
    if (choice.data === null || words.trim() === "") return choice.data === "required" ? null : { data: undefined }
    try {
      return { data: JSON.parse(words) }
    } catch (error) {
      setWrongWords(error instanceof Error ? error.message : String(error))
      return null
    }
  }

  const press = (choice: ShownChoice) => {
    if (!canAnswer) return
    setWrongWords(null)
    const given = dataOf(choice)
    if (given === null) return
    void requests.answer(request.requestId, choice.decision, given.data).then((result) => {
      const shown = requests.shown.get(request.requestId)
      const outcome = shown !== undefined && "request" in shown ? outcomeOf(shown.request) : null
      if (result.kind === "taken") announce(outcome ?? "The answer was taken.")
      if (result.kind === "late") announce(`Your answer came too late. ${outcome ?? ""}`)
      if (result.kind === "refused") announce(result.problem.message)
    })
  }

  const pressNumber = (index: number) => {
    const option = options[index]
    if (option !== undefined) setForm(withChoice(form, option.question, option.label))
    const choice = choices[index]
    if (options.length === 0 && choice !== undefined) press(choice)
  }

  const accept = choiceFor(choices, "accept")
  const decline = choiceFor(choices, "decline")
  /** The key that presses a choice; null: it has none. */
  const keyOf = (choice: ShownChoice, index: number): string | null => {
    if (choice === accept) return "a"
    if (choice === decline) return "d"
    return options.length === 0 && index < 9 ? String(index + 1) : null
  }
  const group = "Question"
  const numbers = options.length > 0 ? options.map(({ label }) => visible(label)) : choices.map(({ label }) => label)
  const commands: readonly PageCommand[] = [
    ...(accept === null
      ? []
      : [{ id: "request.accept", title: accept.label, group, keys: ["a"], run: () => press(accept) }]),
    ...(decline === null
      ? []
      : [{ id: "request.decline", title: decline.label, group, keys: ["d"], run: () => press(decline) }]),
    ...numbers.slice(0, 9).map((label, index) => ({
      id: `request.choice.${index + 1}`,
      title: `${options.length > 0 ? "Choose" : "Answer"}: ${label}`,
      group,
      keys: [String(index + 1)],
      run: () => pressNumber(index),
    })),
  ]
  useCommands(keys && canAnswer ? commands : [])

  return (
    <form
      aria-label={visible(request.title ?? requestKindLabel(request.kind))}
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (accept !== null) press(accept)
      }}
      ref={card}
    >
      <RequestArguments request={request} />
      {canAnswer || request.status === "open" ? (
        <>
          <QuestionFields
            disabled={!canAnswer}
            form={form}
            numbered={keys}
            questions={questions}
            setForm={setForm}
            wrongs={tried ? wrongs : new Map()}
          />
          {takesWords ? (
            <details className={classes.all} open={needsWords}>
              <summary>Answer in the agent's words (JSON)</summary>
              <textarea
                aria-invalid={wrongWords !== null}
                aria-label="Answer in the agent's words, as JSON"
                className={classes.words}
                onChange={(event) => setWords(event.target.value)}
                rows={4}
                spellCheck={false}
                value={words}
              />
              {wrongWords === null ? null : <p className={classes.wrong}>{wrongWords}</p>}
            </details>
          ) : null}
          <div className={classes.choices}>
            {choices.map((choice, index) => (
              <button
                className={classes.choice}
                data-tone={choice === accept ? "main" : choice.tone}
                disabled={!canAnswer}
                key={choice.decision}
                onClick={() => press(choice)}
                type="button"
              >
                <span className={classes.label} title={choice.label}>
                  {answer?.kind === "sending" && answer.decision === choice.decision ? "Sending…" : choice.label}
                </span>
                {keys && canAnswer && keyOf(choice, index) !== null ? <Keys keys={keyOf(choice, index) ?? ""} /> : null}
              </button>
            ))}
          </div>
        </>
      ) : null}
      {isBundle && request.status === "open" ? <p className={classes.outcome}>{readOnlyText}</p> : null}
      <Outcome answer={answer} request={request} />
    </form>
  )
}

/** A question of which only the beginning is known: what it takes would be guessed. */
const CutRequest = ({ request }: { readonly request: RequestDetail }) => (
  <>
    <p className={classes.outcome} role="status">
      Reading the rest of the question…
    </p>
    <Outcome answer={undefined} request={request} />
  </>
)

interface CardProps {
  readonly requestId: string
  readonly keys?: boolean
}

export const QuestionCard = ({ keys = false, requestId }: CardProps) => {
  const requests = requestsOf(usePage())
  useEffect(() => requests.want(requestId), [requests, requestId])
  const shown = useKey(requests.shown, requestId)
  if (shown === undefined) return <Notice kind="loading" title="Reading the question" />
  if ("problem" in shown) return <ProblemNotice error={shown.problem} retry={requests.restarted} />
  const { isWhole, request } = shown
  return (
    <article className={classes.card} data-request={requestId} data-status={request.status} data-testid="request">
      <header className={classes.head}>
        <span className={classes.sort}>{requestKindLabel(request.kind)}</span>
        {request.openedAt === null ? null : <Ago at={request.openedAt} className={classes.ago} />}
      </header>
      <h3 className={classes.title} title={visible(request.title ?? "")}>
        {visible(request.title ?? requestKindLabel(request.kind))}
      </h3>
      {isWhole ? <OpenRequest keys={keys} key={requestId} request={request} /> : <CutRequest request={request} />}
    </article>
  )
}
