/** All that an agent asks with: the command and its folder, the changes of files, and the whole in the agent's own words. */

import type { RequestDetail } from "@threadfold/contracts"
import type { ReactNode } from "react"
import { visible } from "../format/format.js"
import { DiffTable } from "../text/DiffTable.js"
import { JsonTree } from "../text/JsonTree.js"
import { OutLink } from "../text/Markdown.js"
import { askedOf } from "./answers.js"
import { commandIn, folderIn, reasonIn } from "./arguments.js"
import classes from "./RequestArguments.module.css"

const Fact = ({ children, name }: { name: string; children: ReactNode }) => (
  <div className={classes.fact}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

export const RequestArguments = ({ request }: { request: RequestDetail }) => {
  const asked = askedOf(request)
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
      {asked.data == null ? null : (
        <details className={classes.all} open={isOpen}>
          <summary>All arguments</summary>
          <JsonTree value={asked.data} />
        </details>
      )}
    </>
  )
}
