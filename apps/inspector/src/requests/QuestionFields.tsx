/** The fields of a question: choices, texts and numbers, with what is wrong beside each. */
import type { Question } from "@threadfold/contracts"
import { useId } from "react"
import { entryOf, visible } from "../format/format.js"
import { Keys } from "../shell/KeyHelp.js"
import { type Form, optionsOf, ownText, textsOf, withChoice, withText } from "./answers.js"
import classes from "./QuestionFields.module.css"

interface FormProps {
  readonly questions: readonly Question[]
  readonly form: Form
  readonly setForm: (form: Form) => void
  readonly wrongs: ReadonlyMap<string, string>
  readonly disabled: boolean
  /** Options are numbered through all questions, as the keys choose them. */
  readonly numbered: boolean
}

/** Options of all questions in their order, as the number keys choose them. */
export const numberedOptions = (
  questions: readonly Question[],
): readonly { readonly question: Question; readonly label: string }[] =>
  questions.flatMap((question) => optionsOf(question).map(({ label }) => ({ question, label })))

const inputTypes: Readonly<Record<string, string>> = { number: "number", integer: "number" }

interface FieldProps extends Omit<FormProps, "questions" | "wrongs"> {
  readonly question: Question
  readonly wrong: string | undefined
  /** Number of its first option. */
  readonly first: number
}

const Field = ({ disabled, first, form, numbered, question, setForm, wrong }: FieldProps) => {
  const id = useId()
  const options = optionsOf(question)
  const takesText = options.length === 0 || question.other === true
  const chosen = textsOf(form, question.id)
  const wrongId = wrong === undefined ? undefined : `${id}-wrong`
  return (
    <fieldset aria-describedby={wrongId} className={classes.question} disabled={disabled}>
      <legend className={classes.legend}>
        {question.header == null ? null : <span className={classes.header}>{visible(question.header)}</span>}
        <span>{visible(question.text ?? question.header ?? question.id)}</span>
        {question.required === true ? <span className={classes.mark}>required</span> : null}
        {question.multiple === true ? <span className={classes.mark}>several</span> : null}
      </legend>
      {options.map(({ description, label, shown }, index) => (
        <label className={classes.option} key={label}>
          <input
            checked={chosen.includes(label)}
            name={question.multiple === true ? undefined : id}
            onChange={() => setForm(withChoice(form, question, label))}
            type={question.multiple === true ? "checkbox" : "radio"}
          />
          <span>{shown}</span>
          <span className={classes.description}>{description}</span>
          {numbered && first + index <= 9 ? <Keys keys={String(first + index)} /> : null}
        </label>
      ))}
      {takesText ? (
        <input
          aria-invalid={wrong !== undefined}
          aria-label={options.length > 0 ? "Another answer" : visible(question.text ?? question.header ?? question.id)}
          autoComplete="off"
          className={classes.text}
          onChange={(event) => setForm(withText(form, question, event.target.value))}
          placeholder={options.length > 0 ? "Another answer" : question.secret === true ? "Is not recorded" : ""}
          spellCheck={false}
          step={question.type === "integer" ? 1 : "any"}
          type={question.secret === true ? "password" : (entryOf(inputTypes, question.type ?? "") ?? "text")}
          value={ownText(form, question)}
        />
      ) : null}
      {wrong === undefined ? null : (
        <p className={classes.wrong} id={wrongId}>
          {wrong}
        </p>
      )}
    </fieldset>
  )
}

export const QuestionFields = ({ questions, wrongs, ...rest }: FormProps) => {
  let first = 1
  return questions.map((question, index) => {
    const from = first
    first += optionsOf(question).length
    return (
      <Field
        {...rest}
        first={from}
        // An agent may send an id twice.
        key={`${index} ${question.id}`}
        question={question}
        wrong={wrongs.get(question.id)}
      />
    )
  })
}
