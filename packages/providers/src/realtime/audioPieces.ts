/** The audio that a native message of a voice conversation holds: for those who listen, because the log keeps none of it. */
import { hintFields, hintNumber, hintText, parseFields } from "../runtime/readFields.js"
import { sampleRate } from "./directMessages.js"
import type { VoiceAudio } from "./VoiceTransport.js"

/** Of Codex (`thread/realtime/outputAudio/delta`), or of the realtime model itself. */
const pieceIn = (line: string): VoiceAudio | null => {
  const message = parseFields(line) ?? {}
  const audio = hintFields(hintFields(message, "params") ?? {}, "audio")
  const data = audio === undefined ? hintText(message, "delta") : hintText(audio, "data")
  if (data === undefined) return null
  const rate = audio === undefined ? hintNumber(message, "sample_rate") : hintNumber(audio, "sampleRate")
  const channels = audio === undefined ? undefined : hintNumber(audio, "numChannels")
  return { data, sampleRate: rate ?? sampleRate, channels: channels ?? 1 }
}

/** @param raw the native message of a `realtime.audio`; of merged ones each is a line */
export const audioPieces = (raw: string): readonly VoiceAudio[] =>
  raw.split("\n").flatMap((line) => pieceIn(line) ?? [])
