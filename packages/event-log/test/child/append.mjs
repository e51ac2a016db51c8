// Appends batches to the database named by its argument until it is killed, and reports the head after every commit.
import { writeSync } from "node:fs"
import { sqliteDriver } from "../../src/SqliteDriver.ts"
import { openWriter } from "../../src/SqliteWriter.ts"
import { nativeOf, sampleRow } from "../../src/testing/samples.ts"

const driver = sqliteDriver(openWriter(process.argv[2]))
for (let batch = 1; ; batch++) {
  const head = driver.head()
  const size = 1 + ((batch * 7) % 40)
  driver.transaction(() => {
    for (let sequence = head + 1; sequence <= head + size; sequence++) {
      driver.insert(sampleRow(sequence))
      driver.insertNatives([[sequence, nativeOf(sequence)]])
    }
  })
  writeSync(1, `${head + size}\n`)
}
