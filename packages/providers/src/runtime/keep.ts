/** Lines that no mapping takes: they are kept verbatim, with the reason. */
import type { NativeRef, PayloadOf } from "@threadfold/contracts"
import type { Fate } from "../Translator.js"
import { type Fact, fact } from "./Fact.js"
import type { WireChannel } from "./Origin.js"
import type { Source } from "./Source.js"

/** Which message it is, whether this version knows it, and what is wrong with it. */
export type Unmapped = Pick<PayloadOf<"provider.unmapped">, "method" | "known" | "problem">

/** Keeps lines in the way in which the connection records: `where` says to which session they belong. */
export const keepBy =
  <Where>(record: (source: Source, where: Where, what: Fact, channel: WireChannel) => void) =>
  (source: Source, where: Where, unmapped: Unmapped, channel: WireChannel = "agent", native?: NativeRef): Fate => {
    record(source, where, fact("provider.unmapped", unmapped, native), channel)
    return "kept"
  }
