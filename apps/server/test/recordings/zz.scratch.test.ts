import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { it } from "vitest"
import { Library } from "./Library.js"
it("scratch", async () => {
  const dir = process.env.SCRATCH ?? "/tmp/hw/v"
  const pat = new RegExp(process.env.PAT ?? ".")
  const out: string[] = []
  const say = (...a: unknown[]) => out.push(a.filter((x) => x !== "" && x !== undefined).map(String).join(" "))
  for (const f of readdirSync(dir).filter((x) => pat.test(x)).sort()) {
    const library = new Library()
    say("=== " + f)
    try {
      const o = await library.import([library.write(readFileSync(dir + "/" + f, "utf8"))], { leaveOpen: process.env.OPEN === "1" })
      say(`${o.mapped} mapped ${o.kept} kept ${o.unreadable} unreadable`)
      const c = library.check(), v = library.verify()
      if (!c.ok || !v.ok) say("!!!!!", JSON.stringify(c), JSON.stringify(v))
      for (const s of library.threads() as any[]) {
        const th = s.thread
        say("thread", th.nativeThreadId.slice(-4), th.title ?? "", th.status, th.parentThreadId ? "PARENT" : "", th.forkedFromThreadId ? "FORK" : "", th.lastError ? JSON.stringify(th.lastError) : "")
        for (const x of s.turns ?? []) say("  turn", x.nativeTurnId?.slice(-4), x.origin, x.status, x.outcome, x.cause, x.evidence, x.rewound ? "REWOUND" : "", x.usage?.totalTokens ? "tok " + x.usage.totalTokens : "", x.text ? JSON.stringify(x.text) : "", x.error ? JSON.stringify(x.error) : "")
        for (const x of s.items ?? []) say("  item", x.kind, x.nativeItemId, x.title ?? "", x.status, x.cause, x.afterEnd ? "AFTER" : "", JSON.stringify(x.text), JSON.stringify(x.data)?.slice(0, 160))
        for (const x of s.requests ?? []) say("  request", x.kind, x.status, x.decision, x.decidedBy, x.cause, JSON.stringify(x.answer))
        for (const x of s.anomalies ?? []) say("  ANOMALY", x.reason, x.subject.slice(0, 40), x.detail ?? "", x.count)
        if (process.env.FULL) say(JSON.stringify(s, null, 1))
      }
      if (process.env.EV) for (const e of library.events()) say("   ev", e.sequence, e.type, e.channel, JSON.stringify(e.native), JSON.stringify(e.payload)?.slice(0, 200))
    } catch (e) { say("FAILED", String(e)) }
    library.close()
  }
  writeFileSync(process.env.OUT ?? "/tmp/hw/out.txt", out.join("\n") + "\n")
}, 600000)
