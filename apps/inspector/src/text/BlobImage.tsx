/** An image of a message, out of the blobs of the server: read with the token of the page, shown from memory. */

import { useEffect, useState } from "react"
import { visible } from "../format/format.js"
import { usePage } from "../shell/PageContext.js"
import classes from "./BlobImage.module.css"

/** Media types that are shown; anything else would be for the browser to guess. */
const shown: readonly string[] = ["image/png", "image/jpeg", "image/webp", "image/gif"]

export const BlobImage = ({ hash, name }: { hash: string; name: string }) => {
  const { api } = usePage()
  const [address, setAddress] = useState<string | null>(null)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    const ends = new AbortController()
    let made: string | null = null
    const read = async () => {
      const answer = await api.fetch(`/v1/blobs/${encodeURIComponent(hash)}`, { signal: ends.signal })
      const blob = await answer.blob()
      if (!answer.ok || !shown.includes(blob.type)) throw new Error("It is no image that is shown.")
      if (ends.signal.aborted) return
      made = URL.createObjectURL(blob)
      setAddress(made)
    }
    read().catch(() => setFailed(!ends.signal.aborted))
    return () => {
      ends.abort()
      if (made !== null) URL.revokeObjectURL(made)
    }
  }, [api, hash])
  if (failed) return <span className={classes.failed}>{visible(name)} cannot be shown</span>
  return address === null ? (
    <span className={classes.waiting} title={visible(name)} />
  ) : (
    <a className={classes.frame} href={address} rel="noreferrer noopener" target="_blank" title={visible(name)}>
      <img alt={visible(name)} className={classes.image} src={address} />
    </a>
  )
}
