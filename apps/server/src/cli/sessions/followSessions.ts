/**
 * Follows session files as they grow. The system tells of changes; where it does not (network folders, limits of watches), a look at
 * the sizes every few seconds finds them.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { stat } from "node:fs/promises"
import * as FileSystem from "@effect/platform/FileSystem"
import type { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import {
  type FollowedRecording,
  followRecording,
  type ImportOutcome,
  mergeReports,
  type ReadingOptions,
  RecordingUnreadable,
} from "@threadfold/imports"
import { Effect, Option, Queue, Stream } from "effect"
import { type FoundFile, filesBelow, foundFile, identityOf, inOrder } from "../../imports/findFiles.js"
import {
  importSessions,
  type OwnLog,
  recognizeFile,
  reportHere,
  type SumOfReports,
  tolerant,
} from "../../imports/importSessions.js"
import type { ImportOne } from "../../imports/importThrough.js"
import { toProblem } from "../../problems/toProblem.js"
import { counted } from "../text/words.js"

/** How often sizes are looked at where the system tells of no change. */
const lookEvery = "2 seconds"
/** Files that are held open at most: of more, the one that changed longest ago is read from its beginning when it grows again. */
const mostOpen = 64
const pieceBytes = 256 * 1024

/** Bytes before the place in a file that are compared with what was read there. */
const rememberedBytes = 4_096

/** A file that grows. */
interface Growing {
  /** Whether another file is in its place, or it was written anew: what was read of it is not there any more. */
  readonly isReplaced: () => boolean
  /** Takes what is new; gives how many events that added. */
  readonly advance: Effect.Effect<number, Problem>
  readonly end: Effect.Effect<void, Problem>
}

/** Reads on in a file from where the last look ended. */
class Tail {
  private position = 0
  /** The file that was read, and the last bytes that were. */
  private identity = ""
  private last: Uint8Array = Buffer.alloc(0)

  constructor(
    private readonly file: string,
    private readonly followed: FollowedRecording,
  ) {}

  private piece(): Effect.Effect<Uint8Array, RecordingUnreadable> {
    return Effect.try({
      try: () => {
        const descriptor = openSync(this.file, "r")
        try {
          if (this.position === 0) this.identity = identityOf(fstatSync(descriptor))
          const buffer = Buffer.alloc(pieceBytes)
          return buffer.subarray(0, readSync(descriptor, buffer, 0, pieceBytes, this.position))
        } finally {
          closeSync(descriptor)
        }
      },
      catch: (error) =>
        new RecordingUnreadable({ name: this.file, reason: error instanceof Error ? error.message : String(error) }),
    })
  }

  /** Whether what was read is not there any more. A file that is gone is not replaced: it may come again. */
  isReplaced(): boolean {
    if (this.position === 0) return false
    try {
      const descriptor = openSync(this.file, "r")
      try {
        const stats = fstatSync(descriptor)
        if (identityOf(stats) !== this.identity || stats.size < this.position) return true
        const before = Buffer.alloc(this.last.length)
        readSync(descriptor, before, 0, before.length, this.position - before.length)
        return !before.equals(this.last)
      } finally {
        closeSync(descriptor)
      }
    } catch {
      return false
    }
  }

  get toEnd(): Effect.Effect<void, Effect.Effect.Error<ReturnType<FollowedRecording["take"]>> | RecordingUnreadable> {
    return Effect.flatMap(this.piece(), (bytes) => {
      if (bytes.length === 0) return Effect.void
      this.position += bytes.length
      this.last = Buffer.concat([this.last, bytes]).subarray(-rememberedBytes)
      return Effect.zipRight(this.followed.take(bytes), this.toEnd)
    })
  }
}

/** Follows a file with the engine of this process: each line is translated once. */
const growingHere =
  (own: OwnLog, sum: SumOfReports, options: ReadingOptions) =>
  (file: string, source: string): Effect.Effect<Growing, Problem> =>
    Effect.gen(function* () {
      const recognized = yield* recognizeFile(file, source)
      const followed = yield* Effect.provideService(followRecording(recognized, options), Engine, own.engine)
      const { follow } = recognized.recording
      const tail = new Tail(file, followed)
      const toEnd = follow === undefined ? tail.toEnd : Stream.runForEach(follow(), followed.take)
      // A file that was closed and is opened again has led to something before.
      const earlier = sum.since(file)
      let events = 0
      const add = (outcome: ImportOutcome) =>
        Effect.map(reportHere(own, outcome), (report) => {
          sum.replace(file, earlier === null ? report : mergeReports([earlier, report]))
          const added = report.events - events
          events = report.events
          return added
        })
      const durable = (effect: FollowedRecording["pause"]) => Effect.mapError(Effect.flatMap(effect, add), toProblem)
      return {
        isReplaced: () => follow === undefined && tail.isReplaced(),
        advance: Effect.zipRight(Effect.mapError(toEnd, toProblem), durable(followed.pause)),
        end: durable(followed.end),
      }
    })

/** Follows a file through a server, which is sent what was added, and reads the file again from its beginning each time. */
const growingThere =
  (growing: () => ImportOne, sum: SumOfReports, options: ReadingOptions) =>
  (file: string, source: string): Effect.Effect<Growing> => {
    const importOne = growing()
    const advance = recognizeFile(file, source).pipe(
      Effect.flatMap((recognized) => importOne(recognized, options)),
      Effect.map((report) => {
        const earlier = sum.since(file)
        sum.replace(file, earlier === null ? report : mergeReports([earlier, report]))
        return report.events
      }),
    )
    // Every time the server has the beginning compared, and is sent all of a file that was written anew.
    return Effect.succeed({ isReplaced: () => false, advance, end: Effect.void })
  }

/** Where files are followed. */
export interface Followed {
  readonly source: string
  readonly folders: readonly string[]
  readonly files: readonly FoundFile[]
  readonly importOne: ImportOne
  /** Tells people of what was added. */
  readonly tell: (text: string) => Effect.Effect<void>
  /** The log of this process; or what imports a file that grows through the server that has it, one for each file. */
  readonly own: OwnLog | (() => ImportOne)
}

/** A change in one of the folders, or the time to look. Folders that cannot be watched are only looked at. */
const changes = (paths: readonly string[]): Stream.Stream<void, never, FileSystem.FileSystem> =>
  Stream.unwrap(
    Effect.map(FileSystem.FileSystem, (fs) =>
      Stream.mergeAll(
        [
          Stream.repeatEffect(Effect.sleep(lookEvery)),
          ...paths.map((path) =>
            Stream.catchAll(
              Stream.map(fs.watch(path, { recursive: true }), () => undefined),
              () => Stream.empty,
            ),
          ),
        ],
        { concurrency: "unbounded" },
      ),
    ),
  )

/**
 * Imports the files, then takes what is new in them and new files of the folders, until it is interrupted. Their sessions stay open.
 * Call `end` of the result afterwards.
 */
export const followSessions = (
  { files, folders, importOne, own, source, tell }: Followed,
  sum: SumOfReports,
  options: ReadingOptions,
): Effect.Effect<
  { readonly run: Effect.Effect<never, Problem, FileSystem.FileSystem>; readonly end: Effect.Effect<void, Problem> },
  Problem
> =>
  Effect.gen(function* () {
    const open = new Map<string, Growing>()
    /** Files in whose place another one is, until that one is read. */
    const replaced = new Set<string>()
    const seen = new Map<string, FoundFile>()
    const openOne = typeof own === "function" ? growingThere(own, sum, options) : growingHere(own, sum, options)
    yield* importSessions(files, source, importOne, options, sum)
    for (const one of files) seen.set(one.file, one)

    const growingOf = (file: string) =>
      Effect.gen(function* () {
        let known = open.get(file)
        open.delete(file)
        if (replaced.delete(file) || known?.isReplaced() === true) {
          yield* tell(`${file}: it was replaced, and is read again from its beginning`)
          // What was read of it is durable; only its place may not be remembered.
          yield* Effect.ignore(known?.end ?? Effect.void)
          known = undefined
        }
        const growing = known ?? (yield* openOne(file, source))
        open.set(file, growing)
        const [oldest] = open.size > mostOpen ? open : []
        if (oldest !== undefined) {
          open.delete(oldest[0])
          yield* oldest[1].end
        }
        return growing
      })

    const look = Effect.gen(function* () {
      const found = yield* Effect.forEach(folders, (folder) => filesBelow(folder, source))
      const now = [
        ...found.flatMap((content) => content.files),
        ...(yield* sizesOf(files.filter(({ file }) => !folders.some((folder) => file.startsWith(folder))))),
      ]
      const isOther = ({ bytes, file, identity }: FoundFile): boolean => {
        const before = seen.get(file)
        if (before?.bytes !== bytes || before.identity !== identity) return true
        return open.get(file)?.isReplaced() === true
      }
      const grown = now.filter(isOther)
      for (const one of inOrder(grown)) {
        const { file } = one
        const before = seen.get(file)
        seen.set(file, one)
        if (before !== undefined && (one.bytes < before.bytes || one.identity !== before.identity)) {
          replaced.add(file)
        }
        const added = yield* tolerant(
          sum,
          file,
          Effect.flatMap(growingOf(file), ({ advance }) => advance).pipe(
            // What comes next is read from the beginning again: it may be right then.
            Effect.tapError(({ detail }) => {
              open.delete(file)
              return tell(`${file}: not read: ${detail}`)
            }),
          ),
        )
        if (added !== null && added > 0) yield* tell(`${file}: ${counted(added, "event")} added`)
      }
    })

    const run = Effect.gen(function* () {
      // At most one look waits: changes that come meanwhile are seen by it.
      const due = yield* Queue.sliding<void>(1)
      const watched = [
        ...folders,
        ...files.map(({ file }) => file).filter((file) => !folders.some((folder) => file.startsWith(folder))),
      ]
      yield* Effect.forkScoped(Stream.runForEach(changes(watched), () => Queue.offer(due, undefined)))
      return yield* Effect.forever(Effect.zipRight(Queue.take(due), look))
    }).pipe(Effect.scoped)

    const end = Effect.suspend(() =>
      Effect.forEach([...open], ([file, growing]) => tolerant(sum, file, growing.end), { discard: true }),
    )
    return { run, end }
  })

/** The files as they are now, without those that are gone. */
const sizesOf = (files: readonly FoundFile[]): Effect.Effect<readonly FoundFile[]> =>
  Effect.map(
    Effect.forEach(files, (one) => Effect.option(Effect.tryPromise(() => stat(one.file)))),
    (stats) =>
      stats.flatMap((found, index) => {
        const one = files[index]
        return Option.isSome(found) && one !== undefined ? [foundFile(one.file, found.value)] : []
      }),
  )
