/** Which names the server answers to. A page that rebinds a name of its own to our address sends that name. */

/** Addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

/** A host as it stands in a URL: IPv6 in brackets. */
export const urlHost = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host)

export interface HostPolicy {
  /** Values of `Host` that are served, lower case. */
  readonly hosts: ReadonlySet<string>
  /** Values of `Origin` that are the server's own pages. */
  readonly origins: ReadonlySet<string>
}

/** The policy of a server bound to a port: the loopback names, the bound address, and what the caller allows besides. */
export const hostPolicy = (port: number, host: string, allowed: readonly string[] = []): HostPolicy => {
  const names = ["127.0.0.1", "localhost", "[::1]", urlHost(host), ...allowed.map(urlHost)].map((name) =>
    name.toLowerCase(),
  )
  const hosts = new Set(names.map((name) => `${name}:${port}`))
  // A client leaves the port out where it is the scheme's own.
  if (port === 80) for (const name of names) hosts.add(name)
  return { hosts, origins: new Set([...hosts].map((name) => `http://${name}`)) }
}
