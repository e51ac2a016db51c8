/** The key of a browser, by the same interface that a page uses (Web Crypto): the private half cannot be read. */
import type { PagePublicKey } from "@threadfold/contracts/api"
import { Effect } from "effect"

const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const

const text = (value: string | undefined): string => {
  if (value === undefined) throw new Error("the key has no such part")
  return value
}

/** A new key: its public half, and what signs a text. */
export const browserKey = Effect.promise(async () => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"])
  const jwk = await crypto.subtle.exportKey("jwk", publicKey)
  const published: PagePublicKey = {
    kty: "EC",
    crv: "P-256",
    x: text(jwk.x),
    y: text(jwk.y),
    ext: jwk.ext ?? true,
    key_ops: jwk.key_ops ?? [],
  }
  const sign = (said: string): Effect.Effect<string> =>
    Effect.promise(async () => {
      const bytes = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, Buffer.from(said, "utf8"))
      return Buffer.from(bytes).toString("base64url")
    })
  return { publicKey: published, sign }
})
