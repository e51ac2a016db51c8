/**
 * The key of this browser: an ECDSA pair whose private half cannot be read out, not even by this page. It is kept in IndexedDB, so that a
 * reload signs in without a new link.
 */

/** A pair of keys, of which the public half is as the server takes it. */
export interface KeyPair {
  readonly publicKey: JsonWebKey
  readonly privateKey: CryptoKey
}

/** A key that the server knows by its id. */
export interface PageKey extends KeyPair {
  readonly keyId: string
}

/** Where the key is kept between two loads of the page. */
export interface KeyStore {
  readonly read: () => Promise<PageKey | null>
  readonly write: (key: PageKey) => Promise<void>
  readonly clear: () => Promise<void>
}

const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const

/** A new pair. */
export const makeKeyPair = async (): Promise<KeyPair> => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ["sign"])
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", publicKey)
  // Only what makes the key: the server takes no field that it does not know.
  return { publicKey: { ...(kty && { kty }), ...(crv && { crv }), ...(x && { x }), ...(y && { y }) }, privateKey }
}

const base64url = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")

/** The signature of a challenge, as the server takes it. */
export const sign = async ({ privateKey }: PageKey, challenge: string): Promise<string> =>
  base64url(
    await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, new TextEncoder().encode(challenge)),
  )

const storeName = "keys"
const only = "page"

const settled = <A>(request: IDBRequest<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const open = (): Promise<IDBDatabase> => {
  const request = indexedDB.open("threadfold-page", 1)
  request.onupgradeneeded = () => request.result.createObjectStore(storeName)
  return settled(request)
}

const inStore = async <A>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<A>): Promise<A> => {
  const database = await open()
  try {
    return await settled(use(database.transaction(storeName, mode).objectStore(storeName)))
  } finally {
    database.close()
  }
}

const isPageKey = (value: unknown): value is PageKey =>
  typeof value === "object" &&
  value !== null &&
  "keyId" in value &&
  typeof value.keyId === "string" &&
  "privateKey" in value &&
  value.privateKey instanceof CryptoKey &&
  "publicKey" in value &&
  typeof value.publicKey === "object"

/** The key in IndexedDB. Each address (host and port) of a server has a database of its own: the browser sees to that. */
export const browserKeys: KeyStore = {
  read: async () => {
    const found: unknown = await inStore<unknown>("readonly", (store) => store.get(only))
    return isPageKey(found) ? found : null
  },
  write: async (key) => {
    await inStore("readwrite", (store) => store.put(key, only))
  },
  clear: async () => {
    await inStore("readwrite", (store) => store.delete(only))
  },
}
