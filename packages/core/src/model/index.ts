export { foldRules, type RuleNumber } from "../fold/byRule.js"
export { foldTraced, type TracedResult } from "../fold/fold.js"
export { type BeginWalk, type BisectRange, type BisectResult, bisect, type Predicate, type Verdict } from "./bisect.js"
export { type BoundedDiff, type BoundedWhatIf, boundedDiff, boundedWhatIf, boundedWhy } from "./boundedReports.js"
export {
  beginningOf,
  bounded,
  boundedRow,
  fits,
  fitting,
  noSizes,
  textHref,
  utf8Length,
  type WholeSizes,
} from "./bounds.js"
export { diffSnapshots, type FieldChange, type PatchOperation, type RowChange, type ThreadDiff } from "./diff.js"
export { diffStores } from "./diffStores.js"
export { areBad, type BadEdit, decodeEdits, type Edit, editLimit } from "./edits.js"
export { ForkedStore } from "./ForkedStore.js"
export { type FileDiff, filesOfDiff } from "./fileDiffs.js"
export { appended, counted, interpret, type RowPlaces } from "./interpret.js"
export {
  type Cells,
  cells,
  keyOf,
  type Layout,
  type LayoutColumn,
  layout,
  layouts,
  type Scalar,
  toRow,
  withoutHeavy,
} from "./Layout.js"
export type { KeepsText } from "./LightRows.js"
export { type DocumentName, LiveDocument, type Reads } from "./LiveDocument.js"
export { MapStore } from "./MapStore.js"
export { Overlay, putOf } from "./Overlay.js"
export { changedRows, type MovedStep, type RowMove, type RowStep, reversed, walkRows } from "./rowMoves.js"
export {
  type BadPath,
  findRow,
  formatRowPath,
  isBadPath,
  isRowKind,
  keysIn,
  type ListName,
  parseRowPath,
  type RowKind,
  rowKinds,
  type SingleName,
  type TypedPath,
} from "./rowPath.js"
export { type DocumentRow, viewOfRow } from "./rowView.js"
export { compareTreeKeys, SortedTree, type TreeKey } from "./SortedTree.js"
export {
  type FoldStateRow,
  type RemovedRows,
  type RowsSource,
  type ServedSession,
  type TableRow,
  tombstoneTables,
} from "./StoredRows.js"
export { compareKeys, compareText, wellFormed, wellFormedAll, wellFormedJson } from "./scalars.js"
export { snapshotOf } from "./snapshotOf.js"
export { Timeline, type TimelineStep, timelineStep } from "./Timeline.js"
export {
  costOf,
  type ModelPrice,
  type PriceTable,
  type TracedItem,
  tracedAtMost,
  turnTrace,
  withCosts,
} from "./traceOf.js"
export {
  anomalyView,
  delegationView,
  inferenceView,
  itemView,
  itemViewer,
  queueView,
  realtimeRunView,
  requestDetail,
  requestView,
  sessionView,
  taskView,
  threadDetail,
  threadUsage,
  threadView,
  turnDetail,
  turnView,
  usageView,
} from "./view.js"
export { type WalkStep, walk } from "./walk.js"
export { type Divergence, type WhatIf, type WhatIfOptions, whatIf, whatIfSteps } from "./whatIf.js"
export { why } from "./why.js"
export { whyEvent } from "./whyEvent.js"
