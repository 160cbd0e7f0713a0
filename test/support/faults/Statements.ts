const [execute, query] = ["E", "Q"].map((letter) => letter.charCodeAt(0))

/** Reads the messages that a client sends to PostgreSQL, and tells how many of a chunk run a statement. */
export const statementsIn = () => {
  let isStarted = false
  let rest: Buffer = Buffer.alloc(0)
  return (chunk: Buffer): number => {
    let count = 0
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      // Every message but the first has its type in front of its length.
      const header = isStarted ? 1 : 0
      if (rest.length < header + 4) return count
      const length = header + rest.readInt32BE(header)
      if (rest.length < length) return count
      if (isStarted && (rest[0] === execute || rest[0] === query)) count += 1
      isStarted = true
      rest = rest.subarray(length)
    }
  }
}
