/**
 * Forks whose copy is not whole. The copy is made in many commits, and what has come of it so far shows turns that run, questions that
 * are open and a session that lives, none of which is so: lists over all threads leave it out until the last commit.
 */
import type { Condition } from "./select.js"

/**
 * Rows of other threads. The log notes streams that are being written part by part under this key, each with the name of what writes
 * it; that of a fork is the JSON of its mark (`ForkMark` of the engine).
 */
export const ofWholeThreads: Condition = {
  sql: `thread_id NOT IN (SELECT key FROM json_each((SELECT value FROM meta WHERE key = 'import.streams'))
    WHERE CASE WHEN json_valid(value) THEN json_extract(value, '$.kind') = 'fork' ELSE 0 END)`,
  params: [],
}
