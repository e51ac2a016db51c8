/** Light, dark, or what the system says. The choice is kept by the browser. */
import { ValueStore } from "../live/KeyedStore.js"

export const themes = ["system", "light", "dark"] as const
export type Theme = (typeof themes)[number]

const place = "threadfold.theme"

const isTheme = (value: string | null): value is Theme => themes.some((theme) => theme === value)

const kept = (): Theme => {
  try {
    const found = localStorage.getItem(place)
    return isTheme(found) ? found : "system"
  } catch {
    // Storage may be forbidden.
    return "system"
  }
}

/** The theme that is chosen. */
export const theme = new ValueStore<Theme>("system")

const show = (chosen: Theme): void => {
  if (chosen === "system") document.documentElement.removeAttribute("data-theme")
  else document.documentElement.dataset.theme = chosen
}

/** Shows the theme that was chosen before. */
export const restoreTheme = (): void => {
  theme.set(kept())
  show(theme.get())
}

export const chooseTheme = (chosen: Theme): void => {
  theme.set(chosen)
  show(chosen)
  try {
    localStorage.setItem(place, chosen)
  } catch {
    // It is chosen until the page is closed.
  }
}

/** System, light, dark, and again. */
export const nextTheme = (now: Theme): Theme => themes[(themes.indexOf(now) + 1) % themes.length] ?? "system"
