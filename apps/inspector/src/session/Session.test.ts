import { expect, it } from "vitest"
import { signedOutReason } from "../api/PageProblem.js"
import { codeIn } from "./linkCode.js"
import type { KeyStore, PageKey } from "./PageKey.js"
import { Session } from "./Session.js"

/** Where a key is kept in a test: a variable instead of IndexedDB. */
const memoryKeys = (): KeyStore & { kept: PageKey | null } => {
  const keys = {
    kept: null as PageKey | null,
    read: async () => keys.kept,
    write: async (key: PageKey) => {
      keys.kept = key
    },
    clear: async () => {
      keys.kept = null
    },
  }
  return keys
}

const answer = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } })
const problem = (status: number, slug: string) =>
  answer(status, {
    type: `urn:threadfold:problem:${slug}`,
    title: "Refused",
    status,
    detail: "It is so.",
    next: "Do it.",
  })

/** The server's side of the exchange, which verifies signatures for real. */
const makeServer = () => {
  let code: string | null = "right-code"
  let publicKey: CryptoKey | null = null
  let challenge: string | null = null
  let tokens = 0
  let valid = ""
  const calls: { readonly path: string; readonly authorization: string | null; readonly body: string }[] = []
  const token = () => {
    tokens += 1
    valid = `token-${tokens}`
    return valid
  }
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const text = typeof init.body === "string" ? init.body : ""
    const authorization = new Headers(init.headers).get("authorization")
    calls.push({ path, authorization, body: text })
    const body: Record<string, never> = text === "" ? {} : JSON.parse(text)
    if (path === "/v1/page/exchange") {
      if (body.code !== code) return problem(401, "page-code-ended")
      code = null
      publicKey = await crypto.subtle.importKey(
        "jwk",
        body.publicKey ?? {},
        { name: "ECDSA", namedCurve: "P-256" },
        true,
        ["verify"],
      )
      return answer(201, { token: token(), keyId: "key-1" })
    }
    if (path === "/v1/page/challenges") {
      if (publicKey === null) return problem(401, "page-key-unknown")
      challenge = `challenge-${tokens}`
      return answer(201, { challenge })
    }
    if (path === "/v1/page/tokens") {
      if (publicKey === null || challenge === null) return problem(401, "page-proof-wrong")
      const signature = Uint8Array.from(atob(String(body.signature).replaceAll("-", "+").replaceAll("_", "/")), (c) =>
        c.charCodeAt(0),
      )
      const isRight = await crypto.subtle.verify(
        { name: "ECDSA", hash: "SHA-256" },
        publicKey,
        signature,
        new TextEncoder().encode(challenge),
      )
      challenge = null
      return isRight ? answer(201, { token: token() }) : problem(401, "page-proof-wrong")
    }
    return authorization === `Bearer ${valid}` ? answer(200, { path }) : problem(401, "unauthorized")
  }
  return {
    send,
    calls,
    print: (next: string) => {
      code = next
    },
    endTokens: () => {
      valid = "ended"
    },
    forgetKey: () => {
      publicKey = null
      valid = "ended"
    },
  }
}

it("exchanges the code of a link once, with a public key alone", async () => {
  const server = makeServer()
  const keys = memoryKeys()
  const session = new Session(keys, server.send)
  await session.signIn("right-code")
  expect(session.access()).toEqual({ kind: "signed-in", keyId: "key-1" })
  expect(Object.keys(JSON.parse(server.calls[0]?.body ?? "").publicKey).sort()).toEqual(["crv", "kty", "x", "y"])
  expect(keys.kept?.privateKey.extractable).toBe(false)
  await expect(session.fetch("/v1/threads").then((got) => got.status)).resolves.toBe(200)

  const second = new Session(memoryKeys(), server.send)
  await second.signIn("right-code")
  expect(second.access()).toMatchObject({ kind: "signed-out", problem: { slug: "page-code-ended" } })
})

it("signs in with the key after a reload, and keeps no token", async () => {
  const server = makeServer()
  const keys = memoryKeys()
  await new Session(keys, server.send).signIn("right-code")
  expect(JSON.stringify(keys.kept)).not.toContain("token-")
  const reloaded = new Session(keys, server.send)
  await reloaded.signIn(null)
  expect(reloaded.access()).toEqual({ kind: "signed-in", keyId: "key-1" })
  await expect(reloaded.fetch("/v1/threads").then((got) => got.status)).resolves.toBe(200)
})

it("renews a token that has ended once for all calls that meet it", async () => {
  const server = makeServer()
  const session = new Session(memoryKeys(), server.send)
  await session.signIn("right-code")
  server.endTokens()
  const answers = await Promise.all(["/v1/a", "/v1/b", "/v1/c"].map((path) => session.fetch(path)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(server.calls.filter(({ path }) => path === "/v1/page/tokens")).toHaveLength(1)
})

it("is signed out when its key was revoked, and says why", async () => {
  const server = makeServer()
  const session = new Session(memoryKeys(), server.send)
  await session.signIn("right-code")
  server.forgetKey()
  expect((await session.fetch("/v1/a")).status).toBe(401)
  const access = session.access()
  expect(access).toMatchObject({ kind: "signed-out", problem: { slug: "page-key-unknown" } })
  const problem = access.kind === "signed-out" ? access.problem : null
  expect(problem === null ? "" : signedOutReason(problem)).toContain("This browser's key was revoked")
})

it("keeps its key when another link is opened", async () => {
  const server = makeServer()
  const keys = memoryKeys()
  await new Session(keys, server.send).signIn("right-code")
  const first = keys.kept?.publicKey
  server.print("second-code")
  const session = new Session(keys, server.send)
  await session.signIn("second-code")
  expect(session.access().kind).toBe("signed-in")
  expect(keys.kept?.publicKey).toEqual(first)
})

it("signs in with its key where the link was used, and says so where it has none that opens", async () => {
  const server = makeServer()
  const keys = memoryKeys()
  await new Session(keys, server.send).signIn("right-code")
  const again = new Session(keys, server.send)
  await again.signIn("right-code")
  expect(again.access()).toEqual({ kind: "signed-in", keyId: "key-1" })
  await expect(again.fetch("/v1/threads").then((got) => got.status)).resolves.toBe(200)
  server.forgetKey()
  const refused = new Session(keys, server.send)
  await refused.signIn("right-code")
  expect(refused.access()).toMatchObject({ kind: "signed-out", problem: { slug: "page-code-ended" } })
})

it("is signed out without a code and without a key", async () => {
  const session = new Session(memoryKeys(), makeServer().send)
  await session.signIn(null)
  expect(session.access()).toEqual({ kind: "signed-out", problem: null })
})

it("reads a code out of a fragment, and nothing else", () => {
  expect(codeIn("#code=Ab_9-x")).toBe("Ab_9-x")
  for (const hash of ["", "#", "#code=", "#code=a b", "#other=1", "#code=a&token=b", `#code=${"a".repeat(600)}`]) {
    expect(codeIn(hash), hash).toBeNull()
  }
})
