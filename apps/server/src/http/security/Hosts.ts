/** Which names the server answers to. A page that rebinds a name of its own to our address sends that name. */

/** Addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

/** A host as it stands in a URL: IPv6 in brackets. */
export const urlHost = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host)

/** The link to a server's web page. The code is in the part behind `#`, which browsers keep to themselves. */
export const pageLink = (url: string, code: string): string => `${url}/#code=${code}`

export interface HostPolicy {
  /** Values of `Host` that are served, lower case. */
  readonly hosts: ReadonlySet<string>
  /** Values of `Origin` that are the server's own pages. */
  readonly origins: ReadonlySet<string>
  /** Values of `Origin` of other UIs that are let in, as browsers send them. */
  readonly otherOrigins: ReadonlySet<string>
}

/** The `Origin` of a call, where it is that of another UI which is let in; else null. */
export const otherUiOf = ({ otherOrigins }: HostPolicy, origin: string | undefined): string | null =>
  origin !== undefined && otherOrigins.has(origin.toLowerCase()) ? origin : null

/** The policy of a server bound to a port: the loopback names, the bound address, and what the caller allows besides. */
export const hostPolicy = (
  port: number,
  host: string,
  allowed: readonly string[] = [],
  otherOrigins: readonly string[] = [],
): HostPolicy => {
  const names = ["127.0.0.1", "localhost", "[::1]", urlHost(host), ...allowed.map(urlHost)].map((name) =>
    name.toLowerCase(),
  )
  const hosts = new Set(names.map((name) => `${name}:${port}`))
  // A client leaves the port out where it is the scheme's own.
  if (port === 80) for (const name of names) hosts.add(name)
  const origins = new Set([...hosts].map((name) => `http://${name}`))
  return { hosts, origins, otherOrigins: new Set(otherOrigins.filter((origin) => !origins.has(origin))) }
}
