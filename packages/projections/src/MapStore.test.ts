import { MapStore } from "@threadfold/core/model"
import { projectionStoreContract } from "./testing/ProjectionStoreContract.js"

projectionStoreContract("Maps", () => ({ store: new MapStore(), dispose: () => {} }))
