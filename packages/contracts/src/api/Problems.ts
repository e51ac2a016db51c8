/** Problems as the API declares them: `application/problem+json` on the wire, a {@link Problem} in a client's hands. */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import { ParseResult, Schema } from "effect"
import { Problem, ProblemDetails, problemDetails, problems, slugOf } from "./Problem.js"

/** The problems of one status. */
export const problemOf = (status: number) =>
  Schema.transformOrFail(
    ProblemDetails,
    Schema.instanceOf(Problem).pipe(Schema.filter((problem) => problems[problem.slug].status === status)),
    {
      strict: true,
      decode: (details, _options, ast) => {
        const slug = slugOf(details.type)
        return slug === null
          ? ParseResult.fail(new ParseResult.Type(ast, details.type, "a problem this version does not know"))
          : ParseResult.succeed(new Problem({ slug, detail: details.detail }))
      },
      encode: (problem) => ParseResult.succeed(problemDetails(problem.slug, problem.detail)),
    },
  ).pipe(
    HttpApiSchema.withEncoding({ kind: "Json", contentType: "application/problem+json" }),
    Schema.annotations({
      description: Object.entries(problems)
        .filter(([, problem]) => problem.status === status)
        .map(([slug, problem]) => `\`${slug}\`: ${problem.title}.`)
        .join(" "),
    }),
  )
