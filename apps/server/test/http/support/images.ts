/** Images of tests. */
import { createHash } from "node:crypto"
import { samplePng } from "@threadfold/testkit"

/** A whole PNG. */
export const png = samplePng()

/** SHA-256 of bytes, hex. */
export const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** A call that sends bytes. */
export const post = (body: Uint8Array, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: "POST",
  body: Uint8Array.from(body),
  headers: { "content-type": "image/png", ...headers },
})
