import { MapStore } from "./MapStore.js"
import { projectionStoreContract } from "./testing/ProjectionStoreContract.js"

projectionStoreContract("Maps", () => ({ store: new MapStore(), dispose: () => {} }))
