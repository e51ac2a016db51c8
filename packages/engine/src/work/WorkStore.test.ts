import { databases } from "../../test/support.js"
import { workStoreContract } from "../testing/WorkStoreContract.js"

for (const [name, open] of databases) {
  workStoreContract(name, () => {
    const { close, driver, work } = open()
    return { work, atomically: driver.transaction, dispose: close }
  })
}
