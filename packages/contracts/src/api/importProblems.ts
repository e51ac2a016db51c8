/** The problems of imports, a part of the catalogue: of recordings, and of bundles. */
export const importProblems = {
  "not-a-recording": {
    status: 400,
    title: "The file is no recording of this kind",
    next: "Nothing was stored. Import what `threadfold import --help` lists.",
  },
  "not-a-bundle": {
    status: 400,
    title: "The file is no bundle",
    next: "Nothing was stored. Name a file that `threadfold export` made.",
  },
  "bundle-too-new": {
    status: 400,
    title: "The bundle was written by a newer version",
    next: "Nothing was stored. Use that version, or a newer one.",
  },
  "bundle-damaged": {
    status: 400,
    title: "The bundle is not what was written",
    next: "Nothing was stored. Copy or export it again.",
  },
  "bundle-too-large": {
    status: 413,
    title: "The bundle is larger than an export makes one",
    next: "Nothing was stored. If you trust it, unpack it with `gzip -d` and import what comes out.",
  },
  "bundle-conflict": {
    status: 409,
    isOfArguments: true,
    title: "A thread of the bundle is there already, with other content",
    next: "Nothing was stored. Import it with `--as-copy` (over HTTP `asCopy=`): the threads then get ids of their own.",
  },
  "import-not-found": {
    status: 404,
    title: "There is no such import",
    next: "GET /v1/imports lists those of this run of the server. Importing again is safe: it adds what is missing.",
  },
  "upload-not-kept": {
    status: 409,
    isOfArguments: true,
    title: "The server does not have what the upload goes on from",
    next: "Send the whole recording, without `from`. Uploads are kept for ten minutes after their last use, and not many of them.",
  },
  "import-conflict": {
    status: 409,
    title: "An import of this id runs already",
    next: "Wait until it ends, or use a new id.",
  },
  "path-not-allowed": {
    status: 403,
    title: "The server does not read this path",
    next: "Upload the recording, or name a path below the folder that `imports.root` of the configuration names. A message names paths in its thread's folder.",
  },
  "recording-not-found": {
    status: 404,
    title: "The recording cannot be read",
    next: "Name a file that exists and that you may read.",
  },
  "recording-changed": {
    status: 409,
    title: "The file is not what was imported from it before",
    next: "Nothing was stored. Session files only ever grow: put the file back, or import it into another data directory.",
  },
} as const
