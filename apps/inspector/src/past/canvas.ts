/** Drawing on a canvas of the page: sharp on every screen, in the colours of the theme, anew where its size or the theme changes. */
import { type RefObject, useCallback, useEffect, useRef } from "react"
import { useValue } from "../live/KeyedStore.js"
import { theme } from "../shell/theme.js"

const colourNames = {
  ground: "--ground",
  surface: "--surface",
  raised: "--raised",
  line: "--line",
  lineStrong: "--line-strong",
  text: "--text",
  textSoft: "--text-soft",
  textFaint: "--text-faint",
  accent: "--accent",
  working: "--working",
  waiting: "--waiting",
  failed: "--failed",
  done: "--done",
  stalled: "--stalled",
  quiet: "--quiet",
  selected: "--selected",
} as const

export type Colours = Readonly<Record<keyof typeof colourNames, string>>

export interface Drawing {
  readonly context: CanvasRenderingContext2D
  /** px of the page. */
  readonly width: number
  readonly height: number
  readonly colours: Colours
}

/** The colours as they are now. A property alone says `light-dark(…)`: an element has to use it. */
const coloursOf = (element: HTMLElement): Colours => {
  const before = element.style.color
  const found = Object.entries(colourNames).map(([name, property]) => {
    element.style.color = `var(${property})`
    return [name, getComputedStyle(element).color] as const
  })
  element.style.color = before
  return Object.fromEntries(found) as unknown as Colours
}

/** Returns what draws. It is called, too, where the canvas gets another size, and with another theme. */
export const useCanvas = (
  canvas: RefObject<HTMLCanvasElement | null>,
  paint: (drawing: Drawing) => void,
): (() => void) => {
  const latest = useRef(paint)
  latest.current = paint
  const colours = useRef<Colours | null>(null)
  const chosen = useValue(theme)

  const draw = useCallback(() => {
    const element = canvas.current
    const context = element?.getContext("2d") ?? null
    if (element === null || context === null) return
    const { height, width } = element.getBoundingClientRect()
    const ratio = devicePixelRatio
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)]
    if (element.width !== wide || element.height !== high) Object.assign(element, { width: wide, height: high })
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    colours.current ??= coloursOf(element)
    latest.current({ context, width, height, colours: colours.current })
  }, [canvas])

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const anew = () => {
      colours.current = null
      draw()
    }
    const observer = new ResizeObserver(draw)
    observer.observe(element)
    const dark = matchMedia("(prefers-color-scheme: dark)")
    dark.addEventListener("change", anew)
    return () => {
      observer.disconnect()
      dark.removeEventListener("change", anew)
    }
  }, [canvas, draw])

  useEffect(() => {
    colours.current = null
    draw()
  }, [chosen, draw])

  return draw
}
