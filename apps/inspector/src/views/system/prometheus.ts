/** The figures of `GET /metrics`, read out of the Prometheus text format. */

/** One value with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type Figures = ReadonlyMap<string, readonly Sample[]>

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g
const escapes: Readonly<Record<string, string>> = { "\\n": "\n", '\\"': '"', "\\\\": "\\" }

const numberOf = (text: string): number => (text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text))

/** All samples by their name. What is not a sample is left out. */
export const readFigures = (text: string): Figures => {
  const found = new Map<string, Sample[]>()
  for (const one of text.split("\n")) {
    const match = one.startsWith("#") ? null : line.exec(one)
    const value = numberOf(match?.[3] ?? "")
    if (match === null || Number.isNaN(value)) continue
    const [, name = "", labels = ""] = match
    const sample = {
      labels: Object.fromEntries(
        [...labels.matchAll(label)].map(([, key = "", words = ""]) => [
          key,
          words.replace(/\\[n"\\]/g, (escape) => escapes[escape] ?? escape),
        ]),
      ),
      value,
    }
    const of = found.get(name)
    if (of === undefined) found.set(name, [sample])
    else of.push(sample)
  }
  return found
}

/** A value by its name, and by the labels that it has among others; null: there is none. */
export const figure = (figures: Figures, name: string, labels: Readonly<Record<string, string>> = {}): number | null =>
  figures
    .get(`threadfold_${name}`)
    ?.find((sample) => Object.entries(labels).every(([key, words]) => sample.labels[key] === words))?.value ?? null

/** All values of a name together; null: there are none. */
export const sumOf = (figures: Figures, name: string): number | null => {
  const samples = figures.get(`threadfold_${name}`)
  return samples === undefined ? null : samples.reduce((sum, { value }) => sum + value, 0)
}
