import { SqlStore } from "./SqlStore.js"
import { projectionStoreContract } from "./testing/ProjectionStoreContract.js"
import { openProjections } from "./testing/sqlite.js"

projectionStoreContract("SQLite", () => {
  const database = openProjections()
  return { store: new SqlStore(database), dispose: () => database.close() }
})
