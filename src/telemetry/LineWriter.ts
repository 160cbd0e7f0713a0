/** Characters that may wait for the end of the turn; a longer buffer is written at once. */
const bufferLimit = 64 * 1024

/**
 * Buffers lines and writes them once a turn of the event loop, because a write for each request
 * would be a system call each. `flush` has to be called when the process exits; only a kill loses
 * lines.
 */
export const lineWriter = (write: (text: string) => void) => {
  let buffer = ""
  let scheduled = false
  const flush = () => {
    scheduled = false
    const text = buffer
    buffer = ""
    if (text !== "") write(text)
  }
  return {
    flush,
    line: (line: string): void => {
      buffer += `${line}\n`
      if (buffer.length > bufferLimit) return flush()
      if (scheduled) return
      scheduled = true
      setImmediate(flush)
    }
  }
}
