/**
 * Where a long list is, while its scroll bar stands for more than an element can be high. Browsers cut elements at 17 to 33 million
 * pixels. Beyond {@link highest} the bar is scaled: a jump of it is a jump in the list, a small step is the same step in the list.
 */

/** Height that every browser takes, px. */
export const highest = 8_000_000

/** How far the list is scrolled, and how far its element. */
export interface Scrolled {
  /** px of the list above the view. */
  readonly list: number
  /** `scrollTop` of the element. */
  readonly element: number
}

export interface Sizes {
  /** Height of all rows, px. */
  readonly content: number
  /** Height of what is seen, px. */
  readonly view: number
}

const clamp = (value: number, most: number): number => Math.min(Math.max(0, value), Math.max(0, most))

/** Height of the element that is scrolled, px. */
export const elementHeight = ({ content }: Sizes): number => Math.min(content, highest)

const ends = ({ content, view }: Sizes) => ({
  list: Math.max(0, content - view),
  element: Math.max(0, Math.min(content, highest) - view),
})

/** The list at a place: where its element has to be. It is at an end only where the list is. */
export const scrolledTo = (list: number, sizes: Sizes): Scrolled => {
  const most = ends(sizes)
  const at = clamp(list, most.list)
  if (most.list === most.element) return { list: at, element: at }
  if (at === 0 || at === most.list) return { list: at, element: at === 0 ? 0 : most.element }
  return { list: at, element: Math.min(Math.max(1, Math.round((at / most.list) * most.element)), most.element - 1) }
}

/** The element was scrolled: where the list is then. */
export const afterScroll = (last: Scrolled, element: number, sizes: Sizes): Scrolled => {
  const most = ends(sizes)
  if (most.list === most.element) return scrolledTo(element, sizes)
  const step = element - last.element
  const isJump = Math.abs(step) > sizes.view * 2
  if (isJump) return scrolledTo((clamp(element, most.element) / most.element) * most.list, sizes)
  return scrolledTo(last.list + step, sizes)
}
