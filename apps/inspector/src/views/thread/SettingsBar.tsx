/** What the agent works with: model, effort, approval mode, sandbox, as far as it lets a client choose. In its own words. */
import type { ConfigurationName, SessionView, ThreadDetail } from "@threadfold/contracts"
import type { AgentView } from "@threadfold/contracts/api"
import { useState } from "react"
import { announce } from "../../shell/PageContext.js"
import { useCommandCall } from "../../shell/useCommandCall.js"
import classes from "./SettingsBar.module.css"
import { useModels } from "./useAgent.js"

interface BarProps {
  readonly agent: AgentView
  readonly thread: ThreadDetail
  readonly session: SessionView | null
  /** A person is writing, and may choose. */
  readonly ask: boolean
}

/** A value that can be chosen. */
interface Offered {
  readonly value: string
  readonly title: string
}

const names: Readonly<Record<ConfigurationName, string>> = {
  model: "Model",
  effort: "Effort",
  mode: "Approvals",
  sandbox: "Sandbox",
}
const order: readonly ConfigurationName[] = ["model", "effort", "mode", "sandbox"]

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined

/** What is chosen now; null: the agent's own choice, or not known. */
export const chosenOf = (name: ConfigurationName, { agent, session, thread }: BarProps): string | null => {
  const chosen = fieldOf(fieldOf(session?.config, "chosen"), name)
  if (typeof chosen === "string") return chosen
  return name === "model" ? (session?.model ?? thread.model ?? agent.model) : null
}

export const SettingsBar = (props: BarProps) => {
  const { agent, thread } = props
  const { capabilities } = agent
  const { busy, give, problem } = useCommandCall()
  const [asked, setAsked] = useState<Partial<Record<ConfigurationName, string>>>({})
  const models = useModels(agent, capabilities.configuration.model.taken, props.ask)
  if (!capabilities.configure) return null
  const offered = (name: ConfigurationName): readonly Offered[] => {
    const values = capabilities.configuration[name].values
    if (values !== null && values.length > 0) {
      return values.map((value) => ({ value, title: models.find((one) => one.value === value)?.title ?? value }))
    }
    if (name === "model") return models
    // How much a model can think is the model's own matter.
    const model = asked.model ?? chosenOf("model", props)
    const efforts = name === "effort" ? models.find(({ value }) => value === model)?.efforts : null
    return (efforts ?? []).map((value) => ({ value, title: value }))
  }
  const choose = async (name: ConfigurationName, value: string) => {
    setAsked({ ...asked, [name]: value })
    const done = await give(`/v1/threads/${encodeURIComponent(thread.threadId)}/configure`, { [name]: value })
    if (done) announce(`${names[name]}: ${value}`)
    else setAsked(({ [name]: _refused, ...rest }) => rest)
  }
  return (
    <div className={classes.bar}>
      {order.map((name) => {
        const values = offered(name)
        if (!capabilities.configuration[name].taken || values.length === 0) return null
        const chosen = asked[name] ?? chosenOf(name, props) ?? ""
        return (
          <label className={classes.choice} key={name} title={names[name]}>
            <span className={classes.name}>{names[name]}</span>
            <select
              className={classes.select}
              disabled={busy}
              onChange={({ target: { value } }) => choose(name, value)}
              value={chosen}
            >
              {values.some(({ value }) => value === chosen) ? null : (
                <option value={chosen}>{chosen || "default"}</option>
              )}
              {values.map(({ title, value }) => (
                <option key={value} value={value}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        )
      })}
      {problem === null ? null : (
        <span className={classes.problem} role="alert">
          {problem.detail}
        </span>
      )}
    </div>
  )
}
