/** Images and files of messages. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { field, int, optional, shape, text, time } from "../fields.js"
import { described } from "./operation.js"
import { bodyCall, databaseCall } from "./problemSets.js"
import { BlobBytes } from "./Streams.js"

/** An image or a file that messages refer to. */
export const BlobView = shape("Blob", "An image or a file that messages refer to, without its bytes.", {
  hash: text("SHA-256 of its bytes, 64 digits of lower-case hexadecimal: by it messages refer to it."),
  mediaType: text(
    "Its media type, as its first bytes show it: `image/png`, `image/jpeg`, `image/webp` or `image/gif`; anything else is `application/octet-stream`.",
  ),
  size: int("Its length, bytes."),
  storedAt: time("When it was stored for the first time"),
})
export type BlobView = typeof BlobView.Type

const Hash = Schema.String.pipe(
  Schema.pattern(/^[0-9a-f]{64}$/, { message: () => "expected 64 digits of lower-case hexadecimal" }),
  Schema.annotations({ jsonSchema: { type: "string", pattern: "^[0-9a-f]{64}$" } }),
)

/** Media types of blobs beside `application/octet-stream`. */
const images = {
  "image/png": "BlobBytes",
  "image/jpeg": "BlobBytes",
  "image/webp": "BlobBytes",
  "image/gif": "BlobBytes",
} as const

/** Images and files of messages. */
export class BlobsGroup extends HttpApiGroup.make("blobs")
  .add(
    HttpApiEndpoint.post("store", "/v1/blobs")
      .setUrlParams(
        Schema.Struct({
          sha256: optional(
            Hash,
            "SHA-256 of the bytes: other bytes are refused with `blob-mismatch`, and nothing is kept.",
          ),
        }),
      )
      .setPayload(BlobBytes)
      .addSuccess(BlobView, { status: 201 })
      .annotateContext(
        described(
          "Stores an image or a file for a message, which then refers to it by its hash. The body is the bytes, of any content type: the " +
            "first bytes decide what it is. The same bytes again: no change, the same answer. One that no message refers to is removed " +
            "after a day. 413 beyond the configured size, 429 `blobs-full` while too much waits to be referred to.",
          {
            problems: [...bodyCall, "blob-mismatch", "blobs-full"],
            headers: ["Location"],
            alsoTakes: images,
          },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/blobs/:hash")
      .setPath(Schema.Struct({ hash: field(Schema.String, "`hash` of the blob.") }))
      .addSuccess(BlobBytes)
      .annotateContext(
        described(
          "The bytes of a blob. The content type is that of its first bytes, and no other is to be guessed (`nosniff`); what is no image is " +
            "sent as an attachment.",
          {
            problems: [...databaseCall, "blob-not-found"],
            headers: ["ETag"],
            takes: ["If-None-Match"],
            alsoAnswers: images,
          },
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Blobs" })) {}
