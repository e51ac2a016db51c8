/** Says that a bundle is shown, which one, and what was taken out of it; closes it. */
import { counted, entryOf, visible } from "../format/format.js"
import { Icon } from "../shell/Icon.js"
import classes from "./BundleMark.module.css"
import { bundles } from "./Bundles.js"
import type { OpenBundle } from "./OpenBundle.js"

/** What was taken out of a bundle, for a person. */
const redactions: Readonly<Record<string, string>> = {
  none: "Nothing taken out",
  masked: "Secrets masked",
  structure: "Without texts",
}

export const BundleMark = ({ bundle }: { bundle: OpenBundle }) => {
  const { events, redaction, threads } = bundle.facts
  return (
    <section aria-label="Bundle" className={classes.mark} data-testid="bundle">
      <p className={classes.head}>
        <Icon className={classes.sign} name="folder" size={14} />
        <span className={classes.name} title={visible(bundle.name)}>
          {visible(bundle.name)}
        </span>
        {bundles.canClose ? (
          <button
            aria-label="Close the bundle"
            className={classes.close}
            onClick={bundles.close}
            title="Close the bundle"
            type="button"
          >
            <Icon name="close" size={12} />
          </button>
        ) : null}
      </p>
      <p className={classes.facts}>
        {counted(threads, "thread")}, {counted(events, "event")}
        <br />
        {entryOf(redactions, redaction) ?? visible(redaction)}
      </p>
    </section>
  )
}
