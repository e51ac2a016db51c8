/**
 * The access of this page to the server. A link's code is exchanged for a token and a key; a reload proves that it has the key. The
 * token is in a variable of this module alone: not in the address, not in any storage, not in a log.
 */
import { notReached, PageProblem, problemOf } from "../api/PageProblem.js"
import { type KeyStore, makeKeyPair, type PageKey, sign } from "./PageKey.js"

/** How the page stands with the server. */
export type Access =
  | { readonly kind: "signing-in" }
  | { readonly kind: "signed-in"; readonly keyId: string }
  /** A new link is needed. `problem` says why; null: this browser never had one. */
  | { readonly kind: "signed-out"; readonly problem: PageProblem | null }
  /** The server cannot be asked now; it is tried again. */
  | { readonly kind: "unreachable" }

export type Fetch = (path: string, init?: RequestInit) => Promise<Response>

/** How long to wait before the server is asked again, ms. */
const againMs = 2_000

/** What a key of this browser is called in the list of keys. */
const labelOf = (): string => {
  const agent = typeof navigator === "undefined" ? "" : navigator.userAgent
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1] ?? "Browser"
  const names: Readonly<Record<string, string>> = { Edg: "Edge", OPR: "Opera" }
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(agent)?.[1] ?? ""
  return `${names[browser] ?? browser}${system === "" ? "" : ` on ${system.replace("Mac OS X", "macOS")}`}`
}

export class Session {
  #token: string | null = null
  #access: Access = { kind: "signing-in" }
  #renewal: Promise<boolean> | null = null
  readonly #listeners = new Set<() => void>()

  constructor(
    private readonly keys: KeyStore,
    private readonly send: Fetch = (path, init) => fetch(path, init),
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly access = (): Access => this.#access

  /** Signs in with the code of a link, else with the key of this browser. */
  readonly signIn = async (code: string | null): Promise<void> => {
    if (code !== null) this.#set({ kind: "signing-in" })
    try {
      if (code !== null) await this.#exchange(code)
      else await this.#renew()
    } catch (error) {
      this.#fail(error, code)
    }
  }

  /** A call with the token. One whose token has ended is made again, once, with a new one. */
  readonly fetch: Fetch = async (path, init) => {
    const used = this.#token
    const answer = await this.#call(path, init)
    if (answer.status !== 401) return answer
    // Another call may have renewed the token meanwhile.
    if (this.#token === used && !(await this.#renewOnce())) return answer
    return this.#call(path, init)
  }

  /** Gives this browser's key up. */
  readonly signOut = async (): Promise<void> => {
    const key = await this.keys.read()
    if (key !== null)
      await this.#call(`/v1/page/keys/${encodeURIComponent(key.keyId)}`, { method: "DELETE" }).catch(() => null)
    await this.keys.clear()
    this.#token = null
    this.#set({ kind: "signed-out", problem: null })
  }

  #set(access: Access): void {
    this.#access = access
    for (const listener of this.#listeners) listener()
  }

  async #call(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.#token !== null) headers.set("authorization", `Bearer ${this.#token}`)
    try {
      return await this.send(path, { ...init, headers, credentials: "omit", redirect: "error" })
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error
      throw notReached()
    }
  }

  async #post(path: string, body: unknown): Promise<Record<string, string>> {
    const answer = await this.#call(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw await problemOf(answer)
    return answer.json()
  }

  async #exchange(code: string): Promise<void> {
    const known = await this.keys.read().catch(() => null)
    // The same key again is one key in the list of the server, however many links are opened.
    const { privateKey, publicKey } = known ?? (await makeKeyPair())
    try {
      const { keyId, token } = await this.#post("/v1/page/exchange", { code, publicKey, label: labelOf() })
      if (keyId === undefined || token === undefined) throw new Error("The answer to the exchange has no token.")
      this.#begin({ keyId, privateKey, publicKey }, token)
      // Without storage (a private window of some browsers) the page works until it is closed.
      await this.keys.write({ keyId, privateKey, publicKey }).catch(() => undefined)
    } catch (error) {
      // A link that was used, or is old, is no reason to turn a browser away that has a key.
      if (known === null || (error instanceof PageProblem && error.mayPass)) throw error
      await this.#renew().catch(() => Promise.reject(error))
    }
  }

  #begin({ keyId }: PageKey, token: string): void {
    this.#token = token
    this.#set({ kind: "signed-in", keyId })
  }

  /** A token for the key of this browser. */
  async #renew(): Promise<void> {
    const key = await this.keys.read().catch(() => null)
    if (key === null) {
      this.#token = null
      this.#set({ kind: "signed-out", problem: null })
      return
    }
    const { challenge = "" } = await this.#post("/v1/page/challenges", { keyId: key.keyId })
    const signature = await sign(key, challenge)
    const { token } = await this.#post("/v1/page/tokens", { keyId: key.keyId, challenge, signature })
    if (token === undefined) throw new Error("The answer to the proof has no token.")
    this.#begin(key, token)
  }

  /** One renewal for all calls that find the token ended. */
  #renewOnce(): Promise<boolean> {
    this.#renewal ??= this.#renew()
      .then(() => this.#token !== null)
      .catch((error: unknown) => {
        this.#fail(error, null)
        return false
      })
      .finally(() => {
        this.#renewal = null
      })
    return this.#renewal
  }

  #fail(error: unknown, code: string | null): void {
    const mayPass = error instanceof PageProblem && error.mayPass
    if (mayPass) {
      if (this.#access.kind !== "signed-in") this.#set({ kind: "unreachable" })
      setTimeout(() => {
        if (this.#access.kind === "unreachable") void this.signIn(code)
      }, againMs)
      return
    }
    this.#token = null
    this.#set({ kind: "signed-out", problem: error instanceof PageProblem ? error : null })
  }
}
