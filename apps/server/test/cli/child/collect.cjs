// Loaded into a server by NODE_OPTIONS: its memory is collected now and then, so that what is left is what it holds.
setInterval(() => globalThis.gc?.(), 2_000).unref()
