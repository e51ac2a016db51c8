/**
 * Which agents' model calls are recorded, and the routes that are open: a base path that cannot be guessed for each session, and where
 * its calls go on to.
 */
import { createHash, randomBytes } from "node:crypto"
import type { OpenRoute, RecordedPlace } from "@threadfold/orchestrator"

/** How the calls of one agent are recorded. */
export interface AgentGateway {
  /** Base URL of the model endpoint; null: the one that the agent would call by itself. */
  readonly upstream: string | null
  /** Variables of the agent's environment that take a base URL → the base URL that each stands for. */
  readonly env: Readonly<Record<string, string>>
}

/** Name of the agent → how; an agent that is not in it calls its model by itself. */
export type GatewaySettings = ReadonlyMap<string, AgentGateway>

/** A route. */
export interface Route {
  readonly secret: string
  readonly at: RecordedPlace
  readonly threadId: string
  /** Base URLs of the endpoints that the agent calls through it, by their place in the path. */
  readonly upstreams: URL[]
  connectionId: string | null
  /** False: the orchestrator has ended the agent, or its session. Calls that came before may still be under way. */
  isOpen: boolean
}

/** Where a call goes. */
export interface Destination {
  readonly route: Route
  /** The endpoint. */
  readonly base: URL
  /** Path of the call there, without its query. */
  readonly path: string
  /** The query, without its question mark; empty: there is none. */
  readonly search: string
}

/** Endpoints of one session. */
const mostUpstreams = 16

/** Base paths are compared by their digests, so that the time of a look-up says nothing of them. */
const digestOf = (secret: string): string => createHash("sha256").update(secret).digest("base64")

export class Routes {
  private readonly bySecret = new Map<string, Route>()
  private readonly byThread = new Map<string, Route>()

  /** @param origin of the gateway, once it listens */
  constructor(private readonly origin: () => string) {}

  /** Opens a route of a thread, in the place of the one that it had. */
  open(threadId: string, { env, upstream }: AgentGateway): OpenRoute {
    this.close(threadId)
    const secret = randomBytes(32).toString("base64url")
    const route: Route = {
      secret,
      threadId,
      upstreams: [],
      connectionId: null,
      isOpen: true,
      at: { place: () => ({ threadId, connectionId: route.connectionId }), numbers: null },
    }
    this.bySecret.set(digestOf(secret), route)
    this.byThread.set(threadId, route)
    const through = (base: string): string => {
      const url = URL.canParse(base) ? new URL(base) : null
      // What is no endpoint of HTTP is not ours to pass on: the agent calls it by itself.
      if (url === null || !/^https?:$/.test(url.protocol) || route.upstreams.length >= mostUpstreams) return base
      const known = route.upstreams.findIndex(({ href }) => href === url.href)
      const place = known === -1 ? route.upstreams.push(url) - 1 : known
      return `${this.origin()}/${secret}/${place}`
    }
    return {
      route: {
        upstream,
        through,
        environment: Object.fromEntries(Object.entries(env).map(([name, base]) => [name, through(base)])),
      },
      bind: (connectionId) => {
        route.connectionId = connectionId
      },
    }
  }

  close(threadId: string): void {
    const route = this.byThread.get(threadId)
    if (route === undefined) return
    route.isOpen = false
    this.byThread.delete(threadId)
    this.bySecret.delete(digestOf(route.secret))
  }

  closeConnection(connectionId: string): void {
    for (const route of [...this.byThread.values()]) {
      if (route.connectionId === connectionId) this.close(route.threadId)
    }
  }

  /** Where a call with this target goes; null: no route begins with it. */
  find(target: string): Destination | null {
    const mark = target.indexOf("?")
    const path = mark === -1 ? target : target.slice(0, mark)
    const query = mark === -1 ? "" : target.slice(mark + 1)
    const [, secret = "", place = "", rest = ""] = /^\/([\w-]+)\/(\d{1,2})(\/.*)?$/s.exec(path) ?? []
    const route = this.bySecret.get(digestOf(secret))
    const base = route?.upstreams[Number(place)]
    if (route === undefined || base === undefined) return null
    // The path is passed as it was written: nothing in it is decoded or resolved.
    const whole = `${base.pathname.replace(/\/+$/, "")}${rest}`
    const search = [base.search.slice(1), query].filter((part) => part !== "").join("&")
    return { route, base, path: whole === "" ? "/" : whole, search }
  }
}
