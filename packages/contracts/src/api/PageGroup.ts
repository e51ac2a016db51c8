/** The sign-in of the web page: a link's code, the key of a browser, and the tokens that it gets for it. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { field, optional, shape, text, time } from "../fields.js"
import { described } from "./operation.js"
import type { ProblemSlug } from "./Problem.js"
import { memoryCall, openCall } from "./problemSets.js"

/** Longest label of a key, characters. */
export const longestLabel = 100

/** Base64url of so many characters at least and at most. */
const base64url = (least: number, most: number, what: string) =>
  Schema.String.pipe(
    Schema.pattern(new RegExp(`^[A-Za-z0-9_-]{${least},${most}}$`), { message: () => `expected ${what} as base64url` }),
    Schema.annotations({
      jsonSchema: { type: "string", minLength: least, maxLength: most, pattern: "^[A-Za-z0-9_-]+$" },
    }),
  )

/** 32 bytes: a coordinate of P-256. */
const Coordinate = base64url(43, 43, "a coordinate of 32 bytes")

/** A secret that the server gave: one of another form is answered like any other that is wrong. */
const Given = Schema.String.pipe(Schema.maxLength(200))

/** The public half of a browser's key. */
export const PagePublicKey = shape(
  "PagePublicKey",
  "The public half of an ECDSA key on P-256, as a JSON Web Key (RFC 7517), as a browser exports it.",
  {
    kty: field(Schema.Literal("EC"), "`EC`."),
    crv: field(Schema.Literal("P-256"), "`P-256`."),
    x: field(Coordinate, "Its x coordinate, base64url."),
    y: field(Coordinate, "Its y coordinate, base64url."),
    ext: optional(Schema.Boolean, "Whether the browser lets it be exported; not looked at."),
    key_ops: optional(
      Schema.Array(Schema.String.pipe(Schema.maxLength(20))).pipe(Schema.maxItems(10)),
      "What it is for; not looked at.",
    ),
  },
)
export type PagePublicKey = typeof PagePublicKey.Type

/** A code for a link. */
export const PageCode = shape("PageCode", "A code for a link to the page: it works once.", {
  code: text("The code. It goes behind `#code=` of the link, a part that no browser sends."),
  expiresAt: time("Until when it works"),
})
export type PageCode = typeof PageCode.Type

/** A code for a key. */
export const PageExchangeBody = shape(
  "PageExchangeBody",
  "The code of a link, and the key that is to be known for it.",
  {
    code: field(Given, "The code of the link."),
    publicKey: field(PagePublicKey, "The public half of the key. The private half never leaves the browser."),
    label: field(
      Schema.String.pipe(Schema.minLength(1), Schema.maxLength(longestLabel)),
      `What a person knows the browser by, ${longestLabel} characters at most.`,
    ),
  },
)
export type PageExchangeBody = typeof PageExchangeBody.Type

/** What a code was exchanged for. */
export const PageGrant = shape("PageGrant", "What a code was exchanged for.", {
  token: text("A token, for `Authorization: Bearer`. It lives as long as the server and its key."),
  keyId: text("The id of the key: its thumbprint (RFC 7638), SHA-256 hex."),
})
export type PageGrant = typeof PageGrant.Type

/** Which key wants a challenge. */
export const PageChallengeBody = shape("PageChallengeBody", "The key that is to be proved.", {
  keyId: field(Given, "The id of the key."),
})
export type PageChallengeBody = typeof PageChallengeBody.Type

/** What a key is to sign. */
export const PageChallenge = shape("PageChallenge", "What a key is to sign: it works once, and for this key alone.", {
  challenge: text("The text to sign: the bytes of its UTF-8."),
  expiresAt: time("Until when it works"),
})
export type PageChallenge = typeof PageChallenge.Type

/** A signed challenge. */
export const PageTokenBody = shape("PageTokenBody", "A challenge that a key has signed.", {
  keyId: field(Given, "The id of the key."),
  challenge: field(Given, "The challenge, as it was given."),
  signature: field(
    base64url(86, 86, "a signature of 64 bytes"),
    "ECDSA with SHA-256 over the challenge, both numbers one after the other (IEEE P1363), base64url.",
  ),
})
export type PageTokenBody = typeof PageTokenBody.Type

/** A token for a proof. */
export const PageToken = shape("PageToken", "A token of the page.", {
  token: text("The token, for `Authorization: Bearer`. It lives as long as the server and its key."),
})
export type PageToken = typeof PageToken.Type

/** A browser that may sign in. */
export const PageKey = shape("PageKey", "A key of a browser, which gets tokens without a link.", {
  keyId: text("Its id."),
  label: text("What a person knows the browser by. It is what the page said: any text."),
  createdAt: time("When its link was opened"),
  lastUsedAt: time("When it last got a token"),
})
export type PageKey = typeof PageKey.Type

/** All keys. */
export const PageKeyList = shape("PageKeyList", "The keys of all browsers.", {
  items: field(Schema.Array(PageKey), "The keys, the newest first."),
})
export type PageKeyList = typeof PageKeyList.Type

/** The id of a key in a path. */
const keyPath = Schema.Struct({ keyId: Schema.String.annotations({ description: "The id of the key." }) })

/** What a call with a body can be refused with, beside its content. */
const withBody = ["unsupported-media-type", "payload-too-large"] as const satisfies readonly ProblemSlug[]

/** What the file of the keys can fail with. */
const keepsKeys = ["storage-failed", "storage-read-only", "disk-full"] as const satisfies readonly ProblemSlug[]

const created = { status: 201 } as const

/** The sign-in of the web page. */
export class PageGroup extends HttpApiGroup.make("page")
  .add(
    HttpApiEndpoint.post("code", "/v1/page/codes")
      .addSuccess(PageCode, created)
      .annotateContext(
        described(
          "Makes a code for a link to the page. It works once, for one minute, and is kept by its digest alone. Too many at a time: the oldest ends.",
          { problems: [...memoryCall, ...withBody] },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("exchange", "/v1/page/exchange")
      .setPayload(PageExchangeBody)
      .addSuccess(PageGrant, created)
      .annotateContext(
        described(
          "Exchanges the code of a link for a token, and keeps the key of the browser. Needs no token, and an `Origin` that is the server's own. " +
            "A code that was used, has expired or never was is one and the same problem, `page-code-ended`. Many wrong ones are told to wait; a right one is still taken.",
          { problems: [...openCall, ...withBody, ...keepsKeys, "page-code-ended"] },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("challenge", "/v1/page/challenges")
      .setPayload(PageChallengeBody)
      .addSuccess(PageChallenge, created)
      .annotateContext(
        described(
          "Gives a challenge for a key to sign. It works once, for one minute. Needs no token, and an `Origin` that is the server's own.",
          { problems: [...openCall, ...withBody, "page-key-unknown"] },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("token", "/v1/page/tokens")
      .setPayload(PageTokenBody)
      .addSuccess(PageToken, created)
      .annotateContext(
        described(
          "Gives a token for a challenge that the key has signed. Needs no token, and an `Origin` that is the server's own. " +
            "A challenge that was used, has expired, is another key's or never was, and a wrong signature, are one and the same problem, `page-proof-wrong`.",
          { problems: [...openCall, ...withBody, "page-key-unknown", "page-proof-wrong"] },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("keys", "/v1/page/keys")
      .addSuccess(PageKeyList)
      .annotateContext(
        described("The keys of the browsers that may sign in without a link.", { problems: memoryCall }),
      ),
  )
  .add(
    HttpApiEndpoint.del("revoke", "/v1/page/keys/:keyId")
      .setPath(keyPath)
      .annotateContext(
        described(
          "Revokes a key. Its tokens end at once, and so do the streams and all other calls that run with them.",
          {
            problems: [...memoryCall, ...keepsKeys, "page-key-unknown"],
          },
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Web page" })) {}
