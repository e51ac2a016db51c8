/**
 * A question of an agent, with all its arguments, and the buttons that answer it. The first answer wins: who comes second is told what was
 * decided. Used in a thread and in the inbox.
 */
import type { Choice, RequestView } from "@threadfold/contracts"
import { useState } from "react"
import { isProblemOf } from "../api/Api.js"
import { Ago } from "../live/timedTexts.js"
import { Icon, type IconName } from "../shell/Icon.js"
import { announce } from "../shell/PageContext.js"
import { useCommandCall } from "../shell/useCommandCall.js"
import { CodeBlock } from "../text/CodeBlock.js"
import { DiffTable } from "../text/DiffTable.js"
import { LongText } from "../text/LongText.js"
import { OutLink } from "../text/Markdown.js"
import { type AskedOf, answerProblem, askedOf, choiceLabel, commandOf } from "./asked.js"
import { type Given, QuestionForm } from "./QuestionForm.js"
import classes from "./RequestCard.module.css"

const kinds: Readonly<Record<string, { readonly title: string; readonly sign: IconName }>> = {
  command_approval: { title: "Run a command?", sign: "system" },
  file_change_approval: { title: "Change files?", sign: "log" },
  permissions: { title: "Give a permission?", sign: "agent" },
  tool_call: { title: "Call a tool?", sign: "agent" },
  user_input: { title: "The agent asks", sign: "question" },
  elicitation: { title: "A tool server asks", sign: "question" },
  auth: { title: "Sign in?", sign: "agent" },
}

/** What a request of a kind is called. */
export const requestTitle = (kind: string): string => kinds[kind]?.title ?? "The agent asks"

const ends: Readonly<Record<string, string>> = {
  answered: "Answered",
  cancelled: "Withdrawn",
  expired: "Expired",
  answering: "The answer is on its way",
}

const deciders: Readonly<Record<string, string>> = { client: "here", policy: "by a rule", elsewhere: "elsewhere" }

/** What became of a request, in a line. */
export const outcomeOf = ({
  decidedBy,
  decision,
  status,
}: Pick<RequestView, "decidedBy" | "decision" | "status">): string => {
  const by = decidedBy === null ? "" : ` ${deciders[decidedBy] ?? `by ${decidedBy}`}`
  return `${ends[status] ?? status}${decision === null ? "" : `: ${decision}`}${by}`
}

const Arguments = ({ asked, request }: { asked: AskedOf; request: RequestView }) => {
  const command = commandOf(asked.native)
  const json = asked.native === null ? null : JSON.stringify(asked.native, null, 2)
  return (
    <>
      {command === null ? null : <CodeBlock code={command} language="bash" />}
      {asked.changes.map(({ diff, path, kind }) => (
        <div className={classes.change} key={path}>
          <p className={classes.path}>
            {kind === null ? "" : `${kind} `}
            {path}
          </p>
          {diff === null || diff === "" ? null : <DiffTable diff={diff} names={false} />}
        </div>
      ))}
      {asked.url === null ? null : (
        <p className={classes.url}>
          <OutLink href={asked.url}>{asked.url}</OutLink>
        </p>
      )}
      {json === null ? null : (
        <details
          className={classes.arguments}
          open={command === null && asked.changes.length === 0 && asked.questions.length === 0}
        >
          <summary>All arguments</summary>
          <LongText
            cut={request.truncated?.data}
            show={(text) => <CodeBlock code={text} language="json" />}
            text={json}
          />
        </details>
      )}
    </>
  )
}

const tones: Readonly<Record<string, string>> = { accept: "first", answer: "first", decline: "plain", cancel: "stop" }

export const RequestCard = ({ request }: { request: RequestView }) => {
  const { busy, forget, give, problem } = useCommandCall()
  const [given, setGiven] = useState<Given>({})
  const [tried, setTried] = useState(false)
  const asked = askedOf(request.data)
  const isOpen = request.status === "open"
  const wantsAnswers = asked.questions.length > 0
  const answerable = asked.choices.filter(
    ({ decision, means }) => !wantsAnswers || (means ?? decision) !== "acceptForSession",
  )
  const { sign } = kinds[request.kind] ?? { sign: "question" as const }

  const respond = async (choice: Choice) => {
    const word = choice.means ?? choice.decision
    const sends = wantsAnswers && (word === "answer" || word === "accept")
    if (sends && asked.questions.some((question) => answerProblem(question, given[question.id] ?? []) !== null)) {
      setTried(true)
      return
    }
    const answers = Object.fromEntries(
      Object.entries(given)
        .map(([id, list]) => [id, list.filter((one) => one !== "")])
        .filter(([, list]) => list?.length !== 0),
    )
    const body = { decision: choice.decision, ...(sends ? { data: { answers } } : {}) }
    const done = await give(`/v1/requests/${encodeURIComponent(request.requestId)}/respond`, body)
    if (done) announce(`${choiceLabel(choice)}: sent`)
  }

  const isLate = problem !== null && isProblemOf(problem, "request-ended")
  return (
    <section
      aria-label={requestTitle(request.kind)}
      className={classes.card}
      data-open={isOpen}
      data-testid="request"
      data-request={request.requestId}
    >
      <header className={classes.head}>
        <Icon className={classes.sign} name={sign} />
        <h3 className={classes.title}>{requestTitle(request.kind)}</h3>
        {request.openedAt === null ? null : <Ago at={request.openedAt} className={classes.since} />}
      </header>
      {request.title === null || commandOf(asked.native) !== null ? null : (
        <p className={classes.asked}>{request.title}</p>
      )}
      <Arguments asked={asked} request={request} />
      {isOpen && wantsAnswers ? (
        <QuestionForm given={given} questions={asked.questions} setGiven={setGiven} tried={tried} />
      ) : null}
      {isOpen ? (
        <div className={classes.choices}>
          {answerable.map((choice) => (
            <button
              className={classes.choice}
              data-decision={choice.decision}
              data-tone={tones[choice.means ?? choice.decision] ?? "plain"}
              disabled={busy}
              key={choice.decision}
              onClick={() => respond(choice)}
              type="button"
            >
              {wantsAnswers && choice.label == null && (choice.means ?? choice.decision) === "accept"
                ? "Answer"
                : choiceLabel(choice)}
            </button>
          ))}
        </div>
      ) : (
        <p className={classes.outcome}>{outcomeOf(request)}</p>
      )}
      {request.lastError === null ? null : (
        <p className={classes.problem} role="alert">
          The last answer did not reach the agent: {request.lastError}
        </p>
      )}
      {problem === null ? null : (
        <p className={classes.problem} role="alert">
          {isLate
            ? `Another answer came first. ${isOpen ? "" : outcomeOf(request)}`
            : `${problem.message} ${problem.next}`}{" "}
          <button className={classes.forget} onClick={forget} type="button">
            Dismiss
          </button>
        </p>
      )}
    </section>
  )
}
