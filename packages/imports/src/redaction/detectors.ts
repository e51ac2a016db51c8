/**
 * Patterns of secrets. The forms of keys are those that their issuers document; where an issuer documents none, that of the rules of
 * gitleaks and secretlint (both MIT). Each pattern has a cheap text that must be there first: most texts hold none of them.
 *
 * A pattern takes time in proportion to the text, whatever is in it: what it repeats is bounded, or cannot begin again inside of what
 * it has repeated. `hostileTexts.test.ts` has a text against each.
 */

import { escapes, percents, read, unseen, type View } from "./writings.js"

/** One kind of secret. */
interface Detector {
  /** The name in a placeholder. */
  readonly kind: string
  /** What must be in the text for the pattern to be tried. */
  readonly hint: RegExp
  /** Its group `secret` is taken out where it has one, else the whole match. */
  readonly pattern: RegExp
  /** Whether a match counts. */
  readonly counts?: (secret: string) => boolean
}

const before = "(?<![A-Za-z0-9_-])"
const after = "(?![A-Za-z0-9_-])"

/** A key that begins with a text of its issuer's. */
const key = (kind: string, hint: string, pattern: string): Detector => ({
  kind,
  hint: new RegExp(hint),
  pattern: new RegExp(`${before}(?:${pattern})`, "dg"),
})

/** A key whose beginning is in no word: it counts whatever it is glued to. */
const gluedKey = (kind: string, hint: string, pattern: string): Detector => ({
  kind,
  hint: new RegExp(hint),
  pattern: new RegExp(pattern, "dg"),
})

/** Names after which a value is a secret. */
const secretName =
  "(?:pass(?:word|wd|phrase)|pwd|secret|secret[_-]?(?:access[_-]?)?key|api[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|id[_-]?token|client[_-]?secret|private[_-]?key|bearer[_-]?token|token)"

/** Field names whose text is a secret as a whole. */
export const secretField = new RegExp(`^(?:[A-Za-z0-9]+[_-])*${secretName}$`, "i")

/** A value that stands for another one: a variable, a placeholder, a word of a program. */
const isReference = (value: string): boolean =>
  /^(?:[$<{%*[(]|process\.|os\.|env[.[]|ENV|null|none|undefined|true|false|string|xxx|\.{3}|your[_-]|example)/i.test(
    value,
  ) ||
  /^(.)\1*$/.test(value) ||
  // A field or a call of a program.
  /^[A-Za-z_$]+(?:\.[A-Za-z_$]+)+$/.test(value)

/** A value that no person would write as a word: it has a digit and a letter, or marks between them. */
const isDense = (value: string): boolean =>
  /\d/.test(value) && /[A-Za-z]/.test(value) && !/^\d+[a-z]{1,2}$/i.test(value)

/** What code, forms and messages write behind the word password. */
const plainWords = new Set([
  "string",
  "text",
  "input",
  "hidden",
  "password",
  "required",
  "optional",
  "boolean",
  "number",
  "varchar",
  "incorrect",
  "invalid",
  "wrong",
  "missing",
  "empty",
  "forgotten",
  "changed",
  "reset",
  "field",
  "value",
  "secret",
  "self",
  "this",
  "type",
  "with",
  "from",
  "must",
  "should",
  "cannot",
  "prompt",
  "keychain",
])

/** Names of folders below `/home` and `/Users` that are of no person. */
const sharedFolders = new Set([
  "shared",
  "public",
  "default",
  "all users",
  "linuxbrew",
  "runner",
  "user",
  "username",
  "node",
])

/** Parts of addresses that are of no person: what git, packages and examples write. */
const isPersonal = (address: string): boolean =>
  !/^(?:git|noreply|no-reply)@/i.test(address) &&
  !/@(?:example\.(?:com|org|net)|.*\.(?:png|jpe?g|svg|gif|webp|js|ts|css|json|md|local|internal|test|invalid))$/i.test(
    address,
  )

/** Every kind, in the order in which they count where two overlap. */
const detectors: readonly Detector[] = [
  {
    kind: "private-key",
    hint: /-----BEGIN /,
    // Cut off, or with its lines in whatever form: what follows the head and looks like a key.
    pattern:
      /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:(?!-----BEGIN )[\s\S]){0,16384}?-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,.-]{16,16384}/dg,
  },
  {
    kind: "binary",
    hint: /;base64,/,
    pattern: /data:[A-Za-z0-9/+.-]+(?:;[a-z-]+=[A-Za-z0-9._-]+)*;base64,(?<secret>[A-Za-z0-9+/=_-]{64,})/dg,
  },
  key("aws-access-key", "A[KSBC][IC]A|A3T", `(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}${after}`),
  {
    kind: "aws-secret-key",
    hint: /aws|secret/i,
    pattern: /(?:aws|secret)[\w.\s"'-]{0,30}[=:>]+\s*["']?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/dgi,
    counts: isDense,
  },
  gluedKey("github-token", "gh[pousr]_|github_pat_", "gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}"),
  gluedKey("gitlab-token", "gl[a-z]{2,5}-", "gl(?:pat|rt|dt|ptt|ft|soat|agent|cbt|imt|oas)-[A-Za-z0-9_-]{20,}"),
  gluedKey("anthropic-key", "sk-ant-", "sk-ant-[A-Za-z0-9_-]{20,}"),
  gluedKey("openai-key", "sk-[a-zN]", "sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}"),
  key("openai-key", "sk-", "sk-(?!ant-)[A-Za-z0-9]{20,}"),
  gluedKey(
    "slack-token",
    "xox|xapp",
    "xox[abeoprs](?:\\.xox[bp])?-[A-Za-z0-9-]{10,}|xapp-\\d-[A-Za-z0-9]+-\\d+-[A-Za-z0-9]{16,}",
  ),
  {
    kind: "slack-webhook",
    hint: /hooks\.slack/,
    pattern: /hooks\.slack\.com\/(?<secret>(?:services|workflows|triggers)\/[A-Za-z0-9+/_-]{20,})/dg,
  },
  gluedKey(
    "google-key",
    "AIza|ya29|GOCSPX",
    "AIza[A-Za-z0-9_-]{35}|ya29\\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{28}",
  ),
  key("stripe-key", "[srw][kh]", "(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}"),
  gluedKey("npm-token", "npm_", "npm_[A-Za-z0-9]{36}"),
  gluedKey("pypi-token", "pypi-", "pypi-AgE[A-Za-z0-9_-]{50,}"),
  key("huggingface-token", "hf_", "hf_[A-Za-z0-9]{34}"),
  gluedKey("sendgrid-key", "SG\\.", "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}"),
  gluedKey("digitalocean-token", "do[opr]_v1", "do[opr]_v1_[a-f0-9]{64}"),
  gluedKey("xai-key", "xai-", "xai-[A-Za-z0-9]{40,}"),
  gluedKey("groq-key", "gsk_", "gsk_[A-Za-z0-9]{40,}"),
  gluedKey("linear-key", "lin_api_", "lin_api_[A-Za-z0-9]{32,}"),
  gluedKey("fly-token", "fm[12]_", "fm[12][a-z]?_[A-Za-z0-9+/=_-]{40,}"),
  key("telegram-token", ":AA", "\\d{8,10}:AA[A-Za-z0-9_-]{33}"),
  key("discord-token", "[MNO][A-Za-z0-9_-]{22}", "[MNO][A-Za-z0-9_-]{22,26}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,}"),
  key("twilio-key", "SK[0-9a-f]", `SK[0-9a-f]{32}${after}`),
  key("vault-token", "hv[sb]\\.", "hv[sb]\\.[A-Za-z0-9_-]{24,}"),
  gluedKey("age-key", "AGE-SECRET", "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
  {
    kind: "azure-key",
    hint: /AccountKey|SharedAccessKey/,
    pattern: /(?:AccountKey|SharedAccessKey)=(?<secret>[A-Za-z0-9+/]{40,}={0,2})/dg,
  },
  key("jwt", "eyJ", "eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)?"),
  {
    kind: "url-password",
    hint: /:\/\//,
    pattern:
      /[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/@"'<>`\\]*:(?<secret>[^\s"'<>`\\]{1,512})@(?=[A-Za-z0-9.[\]_-]+(?:[:/?#\s"'<>`\\),;]|$))/dgi,
    // A number before a path is a port.
    counts: (value) => !isReference(value) && !/^\d{1,5}\//.test(value),
  },
  { kind: "url-token", hint: /:\/\//, pattern: /https?:\/\/(?<secret>[A-Za-z0-9_-]{20,})@/dgi, counts: isDense },
  {
    kind: "basic-auth",
    hint: /basic/i,
    pattern: /\bbasic\s+(?<secret>[A-Za-z0-9+/]{12,}={0,2})(?![A-Za-z0-9+/])/dgi,
    counts: (value) => isBasic(value),
  },
  {
    kind: "bearer-token",
    hint: /bearer/i,
    pattern: /\bbearer\s+(?<secret>[A-Za-z0-9._~+/-]{16,}=*)/dgi,
    counts: isDense,
  },
  {
    kind: "netrc-password",
    hint: /password/,
    pattern:
      /\b(?:machine\s{1,32}\S{1,256}|default)\s{1,32}(?:(?:login|account)\s{1,32}\S{1,256}\s{1,32}){0,4}password\s{1,32}(?<secret>[^\s"\\]+)/dg,
  },
  {
    kind: "user-password",
    hint: /-u|--user/,
    pattern: /(?:^|\s)(?:-u|--user|--proxy-user|-U)[\s=]+["']?[A-Za-z0-9._@-]+:(?<secret>[^\s"'\\]{4,})/dg,
    counts: (value) => !isReference(value) && !/^\d+$/.test(value),
  },
  {
    kind: "cookie",
    hint: /cookie/i,
    pattern: /\b(?:set-)?cookie["']?\s{0,3}[:=]\s{0,3}["']?(?<secret>[A-Za-z0-9_.$-]{1,80}=[^\r\n"'\\]{6,4096})/dgi,
  },
  {
    kind: "docker-auth",
    hint: /"auth"/,
    pattern: /"auth"\s{0,3}:\s{0,3}"(?<secret>[A-Za-z0-9+/]{12,}={0,2})"/dg,
    counts: (value) => isBasic(value),
  },
  {
    kind: "signature",
    hint: /sig/i,
    pattern: /[?&](?:sig|signature|x-(?:amz|goog)-signature)=(?<secret>[^\s&"'<>`\\]{8,512})/dgi,
  },
  {
    kind: "password-argument",
    hint: /--/,
    pattern: new RegExp(
      `(?:^|\\s)--(?:[A-Za-z0-9]+-){0,3}${secretName}\\s+["']?(?<secret>(?!-)[^\\s"'\`\\\\]{4,512})`,
      "dgi",
    ),
    counts: (value) => !isReference(value),
  },
  {
    kind: "password-argument",
    hint: /mysql|mariadb/,
    pattern: /\b(?:mysql|mariadb)\w*\b[^\n]{0,200}?\s-p(?<secret>[^\s"'`\\]{4,512})/dg,
    counts: (value) => !isReference(value),
  },
  {
    kind: "pgpass",
    hint: /:\d{2,5}:/,
    pattern: /(?<![\w.:/*-])[A-Za-z0-9.*-]+:\d{3,5}:[\w*-]+:[\w*.-]+:(?<secret>[^\s:"'`\\]{4,512})/dg,
  },
  {
    kind: "assigned-secret",
    hint: /pass|pwd/i,
    pattern:
      /(?:pass(?:word|wd|phrase)|pwd)["']?\s{0,3}(?:=|:=|:|=>)\s{0,3}["']?(?<secret>(?!&[A-Za-z_]+=)[^\s"'`\\,;(){}[\]<>&/~.][^\s"'`\\,;(){}[\]<>&]{3,512})/dgi,
    counts: (value) => !isReference(value) && !plainWords.has(value.toLowerCase()),
  },
  {
    kind: "assigned-secret",
    hint: /pass|pwd|secret|key|token/i,
    pattern: new RegExp(
      `(?:^|[^A-Za-z0-9])${secretName}["']?\\s{0,3}(?:=|:=|:|=>)\\s{0,3}["']?(?<secret>(?:(?!&[A-Za-z_]+=)[^\\s"'\`\\\\,;(){}\\[\\]<>]){8,512})`,
      "dgi",
    ),
    counts: (value) => !isReference(value) && isDense(value),
  },
  {
    kind: "user",
    hint: /home|Users|Documents and Settings/i,
    pattern:
      /(?:[\\/](?:home|Users|Documents and Settings)[\\/]+|-(?:home|Users)-)(?<secret>[^\s\\/"'<>:;,|*?(){}[\]$`&-]+(?: [^\s\\/"'<>:;,|*?(){}[\]$`&-]+){1,2}(?=[\\/])|[^\s\\/"'<>:;,|*?(){}[\]$`-]{1,64}(?:-[^\s\\/"'<>:;,|*?(){}[\]$`-]{1,64}){0,7}(?=[\\/"'\s:;,)\]}`]|$)|[A-Za-z0-9._]+)/dg,
    counts: (name) => !sharedFolders.has(name.toLowerCase()) && !/^\.+$/.test(name),
  },
  {
    kind: "email",
    hint: /@/,
    pattern:
      /(?<![\p{L}\p{N}._%+/-])[\p{L}\p{N}][\p{L}\p{N}._%+'-]{0,63}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}(?![\p{L}\p{N}-])/dgu,
    counts: isPersonal,
  },
]

/** A basic credential is base64 of `name:password`. */
const isBasic = (value: string): boolean => {
  const text = Buffer.from(value, "base64").toString("latin1")
  return text.includes(":") && /^[\x20-\x7e]+$/.test(text)
}

/** A secret in a text: from `start` to `end` (exclusive), UTF-16 units. */
export interface Found {
  readonly kind: string
  readonly start: number
  readonly end: number
  /** The secret itself, without escapes. */
  readonly secret: string
}

const anyHint = new RegExp([...new Set(detectors.map(({ hint }) => `(?:${hint.source})`))].join("|"), "i")
/** What {@link Masker} writes. */
const placeholder = /^\[redacted:/

/** How many levels of escapes are looked behind: JSON in a text of JSON, in a command. */
const levels = 3

/** What was found so far, and which units of the text are in it. */
class Findings {
  readonly found: Found[] = []
  private readonly taken: Uint8Array

  constructor(length: number) {
    this.taken = new Uint8Array(length)
  }

  /** Adds a secret, but for one that overlaps another. */
  add(one: Found): void {
    const isTaken = this.taken.subarray(one.start, one.end).includes(1)
    if (isTaken) return
    this.taken.fill(1, one.start, one.end)
    this.found.push(one)
  }
}

const findIn = ({ places, text }: View, findings: Findings): void => {
  for (const { counts, hint, kind, pattern } of detectors) {
    if (!hint.test(text)) continue
    for (const match of text.matchAll(pattern)) {
      const [from, until] = match.indices?.groups?.secret ?? match.indices?.[0] ?? [0, 0]
      const secret = text.slice(from, until)
      if (secret === "" || placeholder.test(secret) || counts?.(secret) === false) continue
      const start = places?.[from] ?? from
      const end = places?.[until] ?? until
      findings.add({ kind, start, end, secret })
    }
  }
}

/**
 * The secrets of a text, in order; none overlaps another. It looks through escapes: a key whose characters a text of JSON, or JSON in a
 * text of JSON, writes as `\u….` is found, too, and so is one with percent signs as in URLs, or with the colours of a terminal in it.
 */
export const findSecrets = (text: string): readonly Found[] => {
  const findings = new Findings(text.length)
  let view: View | null = { text, places: null }
  for (let level = 0; view !== null && level <= levels; level++) {
    const others: readonly (View | null)[] = [read(view, unseen), read(view, percents)]
    for (const each of [view, ...others]) if (each !== null && anyHint.test(each.text)) findIn(each, findings)
    view = read(view, escapes)
  }
  return findings.found.sort((a, b) => a.start - b.start)
}
