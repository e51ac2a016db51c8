// Evaluated in the page by its benchmark: what can only be measured in it.
globalThis.pageBench = {
  /** Places the scrubber; resolves to the ms until what the event changed is drawn. */
  async scrub(place) {
    const range = document.querySelector('[data-testid="travel-range"]')
    const put = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set
    const since = performance.now()
    put.call(range, String(place))
    range.dispatchEvent(new Event("input", { bubbles: true }))
    const shown = () => {
      const event = document.querySelector('[data-testid="travel-event"]').textContent
      const [, at = ""] = /#([\d,]+)/.exec(event) ?? []
      const changes = document.querySelector('[data-testid="travel-changes"]')
      const isThere = new RegExp(`Event ${place.toLocaleString("en")} `).test(event)
      return isThere && changes?.dataset.at === at.replaceAll(",", "")
    }
    while (!shown()) {
      if (performance.now() - since > 60_000) throw new Error(`event ${place} was not shown within a minute`)
      await new Promise(requestAnimationFrame)
    }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
    return performance.now() - since
  },

  /** Resolves once this piece is drawn. */
  async drawn(number) {
    const since = performance.now()
    while (globalThis.pageBench.seen.at(-1)?.[0] !== number) {
      if (performance.now() - since > 60_000) throw new Error(`piece ${number} was not drawn within a minute`)
      await new Promise(requestAnimationFrame)
    }
  },

  /** From now on notes in each frame which piece is the last one drawn: `[number, ms since the epoch]`. */
  watch() {
    const seen = []
    let last = -1
    const look = () => {
      const text = document.querySelector('[data-testid="transcript"]')?.textContent ?? ""
      const at = text.lastIndexOf("piece")
      const [, number = "-1"] = /^piece(\d+);/.exec(text.slice(at)) ?? []
      if (Number(number) > last) {
        last = Number(number)
        seen.push([last, Date.now()])
      }
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
    globalThis.pageBench.seen = seen
  },
}
