/** All that an agent asks with: the command and its folder, the changes of files, and the whole in the agent's own words. */
import type { RequestDetail } from "@threadfold/contracts"
import { type ReactNode, useEffect, useState } from "react"
import { readWholeText } from "../api/wholeText.js"
import { usePage } from "../shell/PageContext.js"
import { DiffTable } from "../text/DiffTable.js"
import { JsonTree } from "../text/JsonTree.js"
import { OutLink } from "../text/Markdown.js"
import { visible } from "../text/visible.js"
import { askedOf } from "./answers.js"
import { commandIn, folderIn, reasonIn } from "./arguments.js"
import classes from "./RequestArguments.module.css"

/** Reads arguments that do not ride along. */
const useWholeData = (request: RequestDetail) => {
  const { api } = usePage()
  const cut = request.truncated?.data
  const [whole, setWhole] = useState<unknown>(undefined)
  const [problem, setProblem] = useState<unknown>(null)
  const href = cut?.href
  useEffect(() => {
    if (href === undefined) return
    const ends = new AbortController()
    readWholeText(api, href, { signal: ends.signal })
      .then(({ text, whole }) => setWhole(whole ? JSON.parse(text) : undefined))
      .catch((error: unknown) => {
        if (!ends.signal.aborted) setProblem(error)
      })
    return () => ends.abort()
  }, [api, href])
  return { data: whole ?? request.data, isCut: cut !== undefined && whole === undefined, problem }
}

const Fact = ({ children, name }: { name: string; children: ReactNode }) => (
  <div className={classes.fact}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

export const RequestArguments = ({ request }: { request: RequestDetail }) => {
  const { data, isCut, problem } = useWholeData(request)
  const asked = askedOf({ data })
  const command = commandIn(asked.data)
  const folder = folderIn(asked.data)
  const reason = reasonIn(asked.data)
  const changes = asked.changes ?? []
  const isOpen = command === null && changes.length === 0 && (asked.questions ?? []).length === 0
  return (
    <>
      {command === null ? null : <pre className={classes.command}>{visible(command)}</pre>}
      {folder === null && reason === null && asked.url == null ? null : (
        <dl className={classes.facts}>
          {folder === null ? null : (
            <Fact name="In">
              <code>{visible(folder)}</code>
            </Fact>
          )}
          {reason === null ? null : <Fact name="Why">{visible(reason)}</Fact>}
          {asked.url == null ? null : (
            <Fact name="Opens">
              <OutLink href={asked.url}>{visible(asked.url)}</OutLink>
            </Fact>
          )}
        </dl>
      )}
      {changes.map(({ diff, kind, path }) => (
        <section className={classes.change} key={path}>
          <h4 className={classes.path}>
            <code>{visible(path)}</code>
            {kind == null ? null : <span className={classes.kind}>{visible(kind)}</span>}
          </h4>
          {diff == null || diff === "" ? (
            <p className={classes.soft}>The agent does not say what changes.</p>
          ) : (
            <DiffTable diff={diff} names={false} />
          )}
        </section>
      ))}
      {isCut ? (
        <p className={classes.soft} role="status">
          {problem === null ? "Reading the rest of the arguments…" : "The rest of the arguments could not be read."}
        </p>
      ) : null}
      {asked.data == null ? null : (
        <details className={classes.all} open={isOpen}>
          <summary>All arguments</summary>
          <JsonTree value={asked.data} />
        </details>
      )}
    </>
  )
}
