/** A rule of the fold by its number and name; opens its text, which is that of docs/rules.md. */
import type { RuleName } from "@threadfold/contracts"
import { useEffect, useRef, useState } from "react"
import { Icon } from "../shell/Icon.js"
import { patient } from "../shell/lazyView.js"
import { Markdown } from "../text/Markdown.js"
import classes from "./WhyPane.module.css"

const readRules = patient(() => import("./ruleTexts.js"))

const Text = ({ close, rule }: { close: () => void; rule: RuleName }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const [text, setText] = useState<string | null>(null)
  useEffect(() => {
    dialog.current?.showModal()
    void readRules().then(({ ruleText }) => setText(ruleText(rule.number) ?? "The rules do not tell of it."))
  }, [rule.number])
  return (
    <dialog aria-label={`Rule ${rule.number}: ${rule.name}`} className={classes.rule} onClose={close} ref={dialog}>
      <header>
        <h2>
          {rule.number}. {rule.name}
        </h2>
        <button aria-label="Close" onClick={() => dialog.current?.close()} type="button">
          <Icon name="close" size={14} />
        </button>
      </header>
      {text === null ? <p>Loading</p> : <Markdown text={text} />}
    </dialog>
  )
}

export const RuleLink = ({ rule }: { rule: RuleName }) => {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button className={classes.ruleLink} onClick={() => setOpen(true)} title="Read the rule" type="button">
        rule {rule.number}, {rule.name}
      </button>
      {open ? <Text close={() => setOpen(false)} rule={rule} /> : null}
    </>
  )
}
