/** What `threadfold bench` runs. Each gives the report that is printed as JSON. */
export { type BenchError, BenchFailed, ProgramUnavailable } from "./BenchError.js"
export { type BenchHttpOptions, type BenchHttpReport, benchHttp, type HttpFigures } from "./http/http.js"
export { type BenchIngestOptions, type BenchIngestReport, benchIngest } from "./ingest.js"
export { type BenchLiveOptions, type BenchLiveReport, benchLive } from "./live/live.js"
export { type BenchMomentsOptions, type BenchMomentsReport, benchMoments } from "./moments.js"
export { type BenchOpenReport, benchOpen } from "./open/open.js"
export { type BenchReplayOptions, type BenchReplayReport, benchReplay, type ReplayFigures } from "./replay.js"
