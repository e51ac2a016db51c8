/**
 * The views of the page: a line each. A view is loaded when it is opened; its module has the component as its default export. A view with a
 * `sign` is in the navigation.
 */
import type { ComponentType, LazyExoticComponent } from "react"
import type { IconName } from "./Icon.js"
import { lazy } from "./lazyView.js"

export interface View {
  /** Path of the address, as wouter reads it. */
  readonly path: string
  readonly title: string
  readonly component: LazyExoticComponent<ComponentType>
  /** Sign in the navigation; absent: it is not there. */
  readonly sign?: IconName
  /** Keys that open it. */
  readonly keys?: string
  /** It is about a server: a bundle has none. */
  readonly needsServer?: true
}

const views: readonly View[] = [
  {
    path: "/threads",
    title: "Threads",
    sign: "threads",
    keys: "g t",
    component: lazy(() => import("../views/threads/ThreadsView.js")),
  },
  { path: "/threads/:threadId", title: "Thread", component: lazy(() => import("../views/thread/ThreadScreen.js")) },
  {
    path: "/inbox",
    title: "Inbox",
    sign: "inbox",
    keys: "g i",
    needsServer: true,
    component: lazy(() => import("../views/inbox/InboxView.js")),
  },
  {
    path: "/log",
    title: "Log",
    sign: "log",
    keys: "g l",
    component: lazy(() => import("../views/log/LogView.js")),
  },
  {
    path: "/system",
    title: "System",
    sign: "system",
    keys: "g s",
    needsServer: true,
    component: lazy(() => import("../views/system/SystemView.js")),
  },
]

/** The views that there are of a server, or of a bundle. */
export const viewsOf = (isBundle: boolean): readonly View[] =>
  views.filter(({ needsServer = false }) => !(isBundle && needsServer))
