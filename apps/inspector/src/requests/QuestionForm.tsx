/** The questions of a request as fields; what is chosen and written becomes `answers` by their ids. */
import type { Question } from "@threadfold/contracts"
import { useId } from "react"
import { answerProblem } from "./asked.js"
import classes from "./QuestionForm.module.css"

export type Given = Readonly<Record<string, readonly string[]>>

interface FieldProps {
  readonly question: Question
  readonly given: readonly string[]
  readonly give: (answers: readonly string[]) => void
  /** What is wrong is said once a person has tried to send it. */
  readonly tried: boolean
}

const inputType = ({ secret, type }: Question): string =>
  secret === true ? "password" : type === "number" || type === "integer" ? "number" : "text"

const Field = ({ give, given, question, tried }: FieldProps) => {
  const name = useId()
  const options = question.options ?? []
  const labels = options.map(({ label }) => label)
  const own = given.find((one) => !labels.includes(one)) ?? ""
  const chosen = given.filter((one) => labels.includes(one))
  const takesText = options.length === 0 || question.other === true
  const problem = tried ? answerProblem(question, given) : null
  const several = question.multiple === true
  const choose = (label: string) => {
    if (!several) give([label])
    else give(chosen.includes(label) ? given.filter((one) => one !== label) : [...given, label])
  }
  return (
    <fieldset aria-describedby={problem === null ? undefined : `${name}-problem`} className={classes.field}>
      <legend className={classes.legend}>
        {question.header == null ? null : <span className={classes.header}>{question.header}</span>}
        {question.text ?? question.id}
        {question.required === true ? <span className={classes.required}> (required)</span> : null}
      </legend>
      {options.map(({ description, label }) => (
        <label className={classes.option} key={label}>
          <input
            checked={chosen.includes(label)}
            name={name}
            onChange={() => choose(label)}
            type={several ? "checkbox" : "radio"}
          />
          <span>
            {label}
            {description == null ? null : <span className={classes.description}>{description}</span>}
          </span>
        </label>
      ))}
      {takesText ? (
        <input
          aria-invalid={problem !== null}
          aria-label={options.length === 0 ? (question.text ?? question.id) : "Another answer"}
          autoComplete="off"
          className={classes.text}
          onChange={({ target: { value } }) => give(several ? [...chosen, value] : [value])}
          placeholder={options.length === 0 ? "Your answer" : "Another answer"}
          step={question.type === "integer" ? 1 : "any"}
          type={inputType(question)}
          value={own}
        />
      ) : null}
      {problem === null ? null : (
        <p className={classes.problem} id={`${name}-problem`} role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  )
}

interface FormProps {
  readonly questions: readonly Question[]
  readonly given: Given
  readonly setGiven: (given: Given) => void
  readonly tried: boolean
}

export const QuestionForm = ({ given, questions, setGiven, tried }: FormProps) => (
  <div className={classes.form}>
    {questions.map((question) => (
      <Field
        give={(answers) => setGiven({ ...given, [question.id]: answers })}
        given={given[question.id] ?? []}
        key={question.id}
        question={question}
        tried={tried}
      />
    ))}
  </div>
)
