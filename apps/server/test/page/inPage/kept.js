// Evaluated in the page: what it keeps outside of its memory, and where it was, as one text.
;(async () => {
  /** @param {IDBRequest} request */
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const databases = []
  for (const { name } of await indexedDB.databases()) {
    const database = await settled(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      databases.push(await settled(database.transaction(store).objectStore(store).getAll()))
    }
    database.close()
  }
  const shown = (_name, value) =>
    value instanceof CryptoKey ? { type: value.type, extractable: value.extractable } : value
  return JSON.stringify(
    {
      address: location.href,
      history: navigation.entries().map((entry) => [entry.url, entry.getState()]),
      state: history.state,
      referrer: document.referrer,
      local: { ...localStorage },
      session: { ...sessionStorage },
      cookie: document.cookie,
      caches: await caches.keys(),
      databases,
    },
    shown,
  )
})()
