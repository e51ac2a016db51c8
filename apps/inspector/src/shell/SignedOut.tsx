/** What is shown without access: how to get a link. */
import { signedOutReason } from "../api/PageProblem.js"
import { chooseBundle } from "../bundle/Bundles.js"
import type { Access } from "../session/Session.js"
import { Icon } from "./Icon.js"
import classes from "./SignedOut.module.css"

export const SignedOut = ({ access }: { access: Exclude<Access, { kind: "signed-in" }> }) => {
  if (access.kind === "signing-in") {
    return (
      <main className={classes.page}>
        <p className={classes.wait} role="status">
          Signing in …
        </p>
      </main>
    )
  }
  const problem = access.kind === "signed-out" ? access.problem : null
  return (
    <main className={classes.page} data-testid={access.kind}>
      <div className={classes.card}>
        <Icon className={classes.sign} name="threads" size={24} />
        <h1 className={classes.title}>
          {access.kind === "unreachable" ? "The server cannot be reached" : "This page needs a link"}
        </h1>
        {problem === null ? null : (
          <p className={classes.problem} role="alert">
            {signedOutReason(problem)}
          </p>
        )}
        {access.kind === "unreachable" ? (
          <p className={classes.text}>It is tried again every two seconds. Start the server with</p>
        ) : (
          <p className={classes.text}>
            A link signs this browser in once; after that, it stays signed in. To print one, run
          </p>
        )}
        <pre className={classes.command}>{access.kind === "unreachable" ? "threadfold serve" : "threadfold page"}</pre>
        {access.kind === "unreachable" ? null : (
          <p className={classes.text}>
            on the machine that the server runs on, and open what it prints. A link works once, for 60 seconds.
          </p>
        )}
        <div className={classes.bundle}>
          <p className={classes.text}>A bundle opens without a server. Drop it on this page, or choose it.</p>
          <button className={classes.open} onClick={chooseBundle} type="button">
            <Icon name="folder" size={14} />
            Open a bundle
          </button>
        </div>
      </div>
    </main>
  )
}
