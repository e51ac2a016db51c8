/** The web page in a real browser, on the built program: what a person does with it, and what hostile data cannot do to it. */
import { describe } from "vitest"
import { bundleScenes } from "./bundleScenes.js"
import { hostileScenes } from "./hostileScenes.js"
import { liveScenes } from "./liveScenes.js"
import { closeBrowserAfterAll, noBrowser } from "./PageWindow.js"
import { recordedScenes } from "./recordedScenes.js"
import { signInScenes } from "./signInScenes.js"
import { voiceScenes } from "./voiceScenes.js"

closeBrowserAfterAll()
const scenes = describe.skipIf(noBrowser !== null)

scenes("signing in", signInScenes)
scenes("a recording", recordedScenes)
scenes("a real agent", liveScenes)
scenes("a voice conversation", voiceScenes)
scenes("hostile data", hostileScenes)
scenes("a bundle", bundleScenes)
