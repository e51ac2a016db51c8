/** Examples of components. */
export const componentExamples: Readonly<Record<string, readonly unknown[]>> = {}
