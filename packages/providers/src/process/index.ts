export { childEnvironment, type EnvironmentOptions } from "./childEnvironment.js"
export { type EndTree, endTree } from "./endTree.js"
export { LineTooLong } from "./LineSplitter.js"
export {
  connectionLost,
  howItEnded,
  type LineTransport,
  type LineTransportOptions,
  makeLineTransport,
} from "./LineTransport.js"
export { type MarkedProcess, markedProcesses, markPrefix } from "./marks.js"
export { type ProcessIdentity, stillRunning } from "./ProcessTable.js"
export {
  findProgram,
  isPath,
  notTrusted,
  type PassedOver,
  type ProgramFound,
  type ProgramSearch,
  withTrustedPath,
} from "./programs.js"
export { type ProcessExit, type SupervisedProcess, type SuperviseOptions, supervise } from "./SupervisedProcess.js"
export { type UntrustedFolder, untrustedFolders, whyUntrusted } from "./untrustedFolders.js"
