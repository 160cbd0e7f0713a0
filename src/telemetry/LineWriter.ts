/** Characters that wait for the end of the turn at most. */
const most = 64 * 1024

/**
 * Lines for standard output, written once a turn of the event loop: a line of its own for each
 * request would cost a system call each. Nothing is lost when the process exits, however it does,
 * short of being killed.
 */
export const lineWriter = (write: (text: string) => void) => {
  let waiting = ""
  let scheduled = false
  const flush = () => {
    scheduled = false
    const text = waiting
    waiting = ""
    if (text !== "") write(text)
  }
  return {
    flush,
    line: (line: string): void => {
      waiting += `${line}\n`
      if (waiting.length > most) return flush()
      if (scheduled) return
      scheduled = true
      setImmediate(flush)
    }
  }
}
