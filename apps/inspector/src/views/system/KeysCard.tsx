/** The browsers that may sign in without a link: each can be revoked, this one too. */
import type { PageKeyList } from "@threadfold/contracts/api"
import { useState } from "react"
import { asProblem, type PageProblem, problemOf } from "../../api/PageProblem.js"
import { useRead } from "../../api/useRead.js"
import { useValue } from "../../live/KeyedStore.js"
import { Ago } from "../../live/timedTexts.js"
import { announce, usePage, useSession } from "../../shell/PageContext.js"
import { Card, CardButton, Chip, Nothing, Table } from "./Card.js"

export const KeysCard = () => {
  const { api } = usePage()
  const session = useSession()
  const access = useValue({ get: session.access, subscribe: session.subscribe })
  const keys = useRead("keys", (signal) => api.get<typeof PageKeyList.Type>("/v1/page/keys", {}, { signal }))
  const [sure, setSure] = useState<string | null>(null)
  const [refusal, setRefusal] = useState<PageProblem | null>(null)
  const mine = access.kind === "signed-in" ? access.keyId : null

  const revoke = async (keyId: string) => {
    setSure(null)
    setRefusal(null)
    if (keyId === mine) return session.signOut()
    try {
      const answer = await session.fetch(`/v1/page/keys/${encodeURIComponent(keyId)}`, { method: "DELETE" })
      if (!answer.ok) throw await problemOf(answer)
      announce("The browser was signed out.")
    } catch (error) {
      setRefusal(asProblem(error))
    }
    keys.again()
  }
  const items = keys.value?.items ?? []
  return (
    <Card note="browsers that may sign in without a link" problem={refusal ?? keys.problem} title="Page keys">
      {items.length === 0 ? (
        <Nothing>{keys.value === null ? "Reading the keys…" : "There is none."}</Nothing>
      ) : (
        <Table columns={["Browser", "Key", "Signed in", "Last used", "Access"]} label="Page keys">
          {items.map(({ createdAt, keyId, label, lastUsedAt }) => (
            <tr data-testid="page-key" key={keyId}>
              <td>
                {label} {keyId === mine ? <Chip tone="done">This browser</Chip> : null}
              </td>
              <td>
                <code title={keyId}>{keyId.slice(0, 8)}</code>
              </td>
              <td>
                <Ago at={createdAt} />
              </td>
              <td>
                <Ago at={lastUsedAt} />
              </td>
              <td>
                {sure === keyId ? (
                  <CardButton
                    label={keyId === mine ? "Sign this browser out" : "Sign it out for good"}
                    run={() => void revoke(keyId)}
                    tone="danger"
                  />
                ) : (
                  <CardButton label="Revoke…" run={() => setSure(keyId)} />
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  )
}
