import type { MigrationGroup } from "../Migrations.js"
import { createLog } from "./0001-log.js"
import { createDigests } from "./0002-digests.js"
import { createPurges } from "./0003-purges.js"
import { createTexts } from "./0004-texts.js"

export { applicationId, databaseFormat } from "./0001-log.js"
export { digestsAfterKey } from "./0002-digests.js"

/** The log's own migrations; other packages give theirs under a table of their own. */
export const logMigrations: MigrationGroup = {
  table: "log_migrations",
  migrations: {
    "0001_log": createLog,
    "0002_digests": createDigests,
    "0003_purges": createPurges,
    "0004_texts": createTexts,
  },
}
