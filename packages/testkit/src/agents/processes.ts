/** Processes that a test looks at, or kills as the system would. */

/**
 * Whether a process with this number runs.
 *
 * @param pid number of the process
 */
export const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/**
 * Kills a process with SIGKILL, as the system does when memory runs out.
 *
 * A process that has ended meanwhile is no failure: a list of processes is old when it arrives, and the children of an agent that dies
 * end by themselves while a test goes through the list. What must be dead is for the test to check.
 *
 * @param pid number of the process; a negative number is its group
 * @returns whether there was something to kill
 */
export const killProcess = (pid: number): boolean => {
  // 0 is the group of the test itself, and -1 is everything.
  if (pid === 0 || pid === -1) throw new RangeError(`${pid} is not the number of a process`)
  try {
    return process.kill(pid, "SIGKILL")
  } catch {
    return false
  }
}
