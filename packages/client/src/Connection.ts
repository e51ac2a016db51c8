/** Where a server is, and what opens it. */

/** Where a server is, and what gives access to it. */
export interface Connection {
  /** Address of the server, for example `http://127.0.0.1:7420`. */
  readonly url: string
  /** Its token. Sent as a header, never in a URL. */
  readonly token: string
}

/** Headers of every call. */
export const authorization = ({ token }: Connection): { readonly authorization: string } => ({
  authorization: `Bearer ${token}`,
})
