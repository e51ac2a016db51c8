/** The frame of every view: navigation, connection, theme, keys; the region that speaks to screen readers. */
import { type ReactNode, useEffect, useRef, useState } from "react"
import { Link, useLocation } from "wouter"
import { BundleMark } from "../bundle/BundleMark.js"
import { chooseBundle } from "../bundle/Bundles.js"
import { useValue } from "../live/KeyedStore.js"
import { Palette } from "../palette/Palette.js"
import { keyCaps, useCommands } from "./commands.js"
import { FeedMark } from "./FeedMark.js"
import { Icon, type IconName } from "./Icon.js"
import { KeyHelp, Keys } from "./KeyHelp.js"
import classes from "./Layout.module.css"
import { announcement, usePage } from "./PageContext.js"
import { chooseTheme, nextTheme, type Theme, theme } from "./theme.js"
import { type View, viewsOf } from "./views.js"

const themeSigns: Readonly<Record<Theme, IconName>> = { system: "screen", light: "light", dark: "dark" }

const NavLink = ({ badge, view }: { view: View; badge: number }) => {
  const [location] = useLocation()
  const isHere = location === view.path || location.startsWith(`${view.path}/`)
  return (
    <Link
      aria-current={isHere ? "page" : undefined}
      className={classes.link}
      href={view.path}
      title={view.keys === undefined ? view.title : `${view.title} (${keyCaps(view.keys).join(" ")})`}
    >
      {view.sign === undefined ? null : <Icon className={classes.linkSign} name={view.sign} />}
      <span className={classes.linkText}>{view.title}</span>
      {badge === 0 ? null : (
        <span className={classes.badge} data-testid="inbox-badge">
          {badge > 99 ? "99+" : badge}
          <span className={classes.hidden}> waiting for you</span>
        </span>
      )}
    </Link>
  )
}

const LiveRegion = () => {
  const said = useValue(announcement)
  return (
    <div aria-live="polite" className={classes.hidden} data-testid="announcements" role="status">
      {said?.text}
    </div>
  )
}

export const Layout = ({ children }: { children: ReactNode }) => {
  const { bundle, inbox } = usePage()
  const views = viewsOf(bundle !== null)
  const [location, navigate] = useLocation()
  const [keysOpen, setKeysOpen] = useState(false)
  const [paletteOpen, setPaletteOpen] = useState(false)
  const chosen = useValue(theme)
  const waiting = useValue(inbox.counts)?.total ?? 0
  const threadId = /^\/threads\/([^/]+)/.exec(location)?.[1]
  const main = useRef<HTMLElement>(null)
  const shown = useRef(location)

  useCommands([
    ...views.flatMap(({ keys, path, title }) =>
      keys === undefined
        ? []
        : [{ id: `go.${path}`, title: `Go to ${title}`, group: "Everywhere", keys: [keys], run: () => navigate(path) }],
    ),
    {
      id: "page.palette",
      title: "Find threads, places, commands and words",
      group: "Everywhere",
      keys: ["mod+k"],
      run: () => setPaletteOpen(!paletteOpen),
    },
    ...(threadId === undefined
      ? []
      : [
          {
            id: "page.events",
            title: "Show the events of this thread",
            group: "Everywhere",
            keys: ["g e"],
            run: () => navigate(`/log?thread=${threadId}`),
          },
        ]),
    { id: "page.keys", title: "Show all keys", group: "Everywhere", keys: ["?"], run: () => setKeysOpen(true) },
    {
      id: "page.theme",
      title: "Switch between system, light and dark",
      group: "Everywhere",
      keys: ["mod+shift+l"],
      run: () => chooseTheme(nextTheme(theme.get())),
    },
  ])

  // Another view begins at its top for those who go by keyboard or by ear, too.
  useEffect(() => {
    if (shown.current === location) return
    // The address without a view leads on by itself: nobody has gone anywhere.
    const isGone = shown.current !== "/"
    shown.current = location
    if (isGone) main.current?.focus({ preventScroll: true })
  }, [location])

  return (
    <div className={classes.frame}>
      {/* biome-ignore lint/a11y/useValidAnchor: it goes to a place of the page, and is looked for among the links. */}
      <a
        className={classes.skip}
        href="#main"
        onClick={(event) => {
          // The fragment says where in a bundle a person is: it stays.
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to content
      </a>
      <nav aria-label="Views" className={classes.nav}>
        <div className={classes.brand}>
          <span aria-hidden="true" className={classes.logo}>
            <Icon name="threads" size={14} />
          </span>
          <span className={classes.brandName}>Threadfold</span>
        </div>
        <button
          className={classes.find}
          onClick={() => setPaletteOpen(true)}
          title={`Find (${keyCaps("mod+k").join(" ")})`}
          type="button"
        >
          <Icon name="search" size={14} />
          <span className={classes.findText}>Find</span>
          <Keys keys="mod+k" />
        </button>
        <div className={classes.links}>
          {views
            .filter(({ sign }) => sign !== undefined)
            .map((view) => (
              <NavLink badge={view.path === "/inbox" ? waiting : 0} key={view.path} view={view} />
            ))}
        </div>
        <div className={classes.foot}>
          {bundle === null ? <FeedMark /> : <BundleMark bundle={bundle} />}
          <div className={classes.tools}>
            <button
              aria-label="Open a bundle"
              className={classes.tool}
              onClick={chooseBundle}
              title="Open a bundle (g o); or drop one on the page"
              type="button"
            >
              <Icon name="folder" />
            </button>
            <button
              aria-label={`Theme: ${chosen}. Switch to ${nextTheme(chosen)}`}
              className={classes.tool}
              onClick={() => chooseTheme(nextTheme(chosen))}
              title={`Theme: ${chosen}`}
              type="button"
            >
              <Icon name={themeSigns[chosen]} />
            </button>
            <button
              aria-label="Show all keys"
              className={classes.tool}
              onClick={() => setKeysOpen(true)}
              title="Keys (?)"
              type="button"
            >
              <Icon name="keys" />
            </button>
          </div>
        </div>
      </nav>
      <main className={classes.main} id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      {paletteOpen ? <Palette close={() => setPaletteOpen(false)} /> : null}
      <KeyHelp close={() => setKeysOpen(false)} open={keysOpen} />
      <LiveRegion />
    </div>
  )
}
