/** What answers say, compared: whether a recorded answer is the one that a decision alone would have been sent as. */
import { isFields } from "../runtime/readFields.js"

/** A value as text: equal for equal content. Members that say nothing are left out, the order of members does not count. */
export const spelled = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    isFields(member)
      ? Object.fromEntries(
          Object.entries(member)
            .filter(([, one]) => one !== null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : member,
  )
