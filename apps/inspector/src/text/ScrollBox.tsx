/** A box that scrolls where its content is too large for it, and can be reached by keyboard then, and only then. */
import { type ReactNode, useCallback, useState } from "react"

interface BoxProps {
  readonly children: ReactNode
  readonly className: string | undefined
  /** What is in it, for those who reach it by keyboard. */
  readonly label: string
  /** `pre` keeps spaces and ends of lines. */
  readonly as?: "div" | "pre"
  /** Written as `data-tall`. */
  readonly tall?: boolean
}

export const ScrollBox = ({ as: Box = "div", children, className, label, tall }: BoxProps) => {
  const [scrolls, setScrolls] = useState(false)
  const watch = useCallback((element: HTMLElement | null) => {
    if (element === null) return
    const look = () =>
      setScrolls(element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight)
    const observer = new ResizeObserver(look)
    observer.observe(element)
    // Its content may grow while the box stays as it is.
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [])
  return (
    <Box
      aria-label={scrolls ? label : undefined}
      className={className}
      data-tall={tall}
      ref={watch}
      role={scrolls ? "group" : undefined}
      tabIndex={scrolls ? 0 : undefined}
    >
      {children}
    </Box>
  )
}
