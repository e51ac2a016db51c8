/** Keeps a fault of one view from taking the page with it. */
import { Component, type ReactNode } from "react"
import { asProblem } from "../api/PageProblem.js"
import { Notice, withCode } from "./Notice.js"

interface BoundaryProps {
  readonly children: ReactNode
  /** Another value (the address) tries again. */
  readonly resetKey?: string
}

interface BoundaryState {
  readonly error: unknown
  readonly resetKey: string | undefined
}

export class ErrorBoundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { error: null, resetKey: this.props.resetKey }

  static getDerivedStateFromError = (error: unknown): Partial<BoundaryState> => ({
    error: error ?? new Error("unknown"),
  })

  static getDerivedStateFromProps = (
    { resetKey }: BoundaryProps,
    state: BoundaryState,
  ): Partial<BoundaryState> | null => (resetKey === state.resetKey ? null : { error: null, resetKey })

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    const problem = asProblem(error)
    return (
      <Notice
        actions={[
          { label: "Show it again", run: () => this.setState({ error: null }) },
          { label: "Load the page again", run: () => location.reload() },
        ]}
        kind="failed"
        text={withCode(`${problem.detail} ${problem.next}`)}
        title={problem.title}
      />
    )
  }
}
