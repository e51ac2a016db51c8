/**
 * The platforms that a data directory may be written on (docs/platforms.md). Elsewhere the identity of a process, the locks and
 * the commits of the database are not what the service relies on, so it refuses before it touches anything.
 */
import { Data, Effect } from "effect"

/** `process.platform` of each supported platform, with its name for people. */
export const supportedPlatforms: Readonly<Record<string, string>> = { linux: "Linux", darwin: "macOS" }

/** What is said to users of a platform that is not supported. */
export const platformAdvice = "Use Linux or macOS; on Windows use WSL 2, which is Linux."

/** This platform is not supported. */
export class PlatformUnsupported extends Data.TaggedError("PlatformUnsupported")<{
  /** As `process.platform` has it. */
  readonly platform: string
}> {
  override get message(): string {
    return `Data directories are not written on ${this.platform}. ${platformAdvice}`
  }
}

/** Whether a platform is supported. @param platform as `process.platform` has it */
export const isSupported = (platform: string): boolean => Object.hasOwn(supportedPlatforms, platform)

/** Fails on a platform where no data directory may be written. */
export const requireSupported = (platform: string): Effect.Effect<void, PlatformUnsupported> =>
  isSupported(platform) ? Effect.void : new PlatformUnsupported({ platform })

/** The same for the platform that this process runs on. */
export const requirePlatform: Effect.Effect<void, PlatformUnsupported> = Effect.suspend(() =>
  requireSupported(process.platform),
)
