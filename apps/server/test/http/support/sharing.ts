/**
 * Tests that share what a layer makes: built before the first of them, closed after the last. What `it.layer` of
 * `@effect/vitest` is for; but that one writes its methods over those of the module's `it`, where the next file of the
 * same worker finds them, with a layer that is closed.
 */
import { it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime, TestContext } from "effect"
import { afterAll, beforeAll } from "vitest"

/** Defines a test over the shared layer. */
export type SharedTest<R> = (name: string, effect: () => Effect.Effect<void, unknown, R>) => void

/** Tests over a layer, on the system's clock. */
export const sharingLive = <R, E>(layer: Layer.Layer<R, E>, define: (test: SharedTest<R>) => void): void => {
  const shared = ManagedRuntime.make(layer)
  beforeAll(async () => {
    await shared.runtime()
  })
  afterAll(() => shared.dispose())
  define((name, effect) => it.live(name, () => Effect.provide(effect(), shared)))
}

/** Tests over a layer, on a clock that only they move: the layer's clock as well. */
export const sharing = <R, E>(layer: Layer.Layer<R, E>, define: (test: SharedTest<R>) => void): void =>
  sharingLive(Layer.provideMerge(layer, TestContext.TestContext), define)
