import { expect, it } from "vitest"
import { figure, readFigures, sumOf } from "./prometheus.js"

const text = `# HELP threadfold_head_sequence Highest published sequence of the log.
# TYPE threadfold_head_sequence gauge
threadfold_head_sequence 120734
threadfold_http_answers_total{status="200"} 71
threadfold_http_answers_total{status="404"} 1
threadfold_commands_total{type="thread.create",result="a \\"b\\" \\\\ {x} 7"} 3
threadfold_event_loop_lag_seconds{quantile="0.99"} 4.0115967e-2
threadfold_http_request_seconds_bucket{le="+Inf"} 72
broken
threadfold_not_a_number x
`

it("reads the figures of the server", () => {
  const figures = readFigures(text)
  expect([
    figure(figures, "head_sequence"),
    figure(figures, "http_answers_total", { status: "404" }),
    sumOf(figures, "http_answers_total"),
    figure(figures, "event_loop_lag_seconds", { quantile: "0.99" }),
    figure(figures, "http_request_seconds_bucket", { le: "+Inf" }),
  ]).toEqual([120_734, 1, 72, 0.040115967, 72])
})

it("reads labels with signs of the format in them", () => {
  expect(readFigures(text).get("threadfold_commands_total")?.[0]).toEqual({
    labels: { type: "thread.create", result: 'a "b" \\ {x} 7' },
    value: 3,
  })
})

it("knows nothing of what is not there", () => {
  const figures = readFigures(text)
  expect([figure(figures, "missing"), sumOf(figures, "not_a_number"), figures.has("broken")]).toEqual([
    null,
    null,
    false,
  ])
})
