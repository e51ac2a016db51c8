import { databases } from "../../test/support.js"
import { blobStoreContract } from "../testing/BlobStoreContract.js"

for (const [name, open] of databases) {
  blobStoreContract(name, () => {
    const { close, driver, work } = open()
    return { work, atomically: driver.transaction, dispose: close }
  })
}
