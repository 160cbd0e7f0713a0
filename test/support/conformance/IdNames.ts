const id = /\b(thr|msg|tc|wf|tsk|atc|shcx)_[0-9a-f]{32}\b/g
const name = /"(?:thr|msg|tc|wf|tsk|atc|shcx)_\d{1,3}"/g
const time = /"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}000)?Z"/g
const signed = /\?user=[^&"]+&expires=\d+&signature=[\w-]+/g

/**
 * Random ids as counted ones, `thr_1`, `msg_1`, `msg_2`, in the order in which they appear, and
 * back. Every well-formed time is `T`, a signed link is its path and `?signed`.
 */
export const makeNames = (origin: string) => {
  const names = new Map<string, string>()
  const ids = new Map<string, string>()
  const counts = new Map<string, number>()

  const inText = (text: string): string =>
    text
      .replaceAll(origin, "")
      .replace(signed, "?signed")
      .replace(time, `"T"`)
      .replace(id, (id, prefix: string) => {
        const known = names.get(id)
        if (known !== undefined) return known
        const count = (counts.get(prefix) ?? 0) + 1
        const name = `${prefix}_${count}`
        counts.set(prefix, count)
        names.set(id, name)
        ids.set(`"${name}"`, `"${id}"`)
        return name
      })

  return {
    inText,
    named: (json: unknown): unknown => JSON.parse(inText(JSON.stringify(json))),
    /** A name that nothing has is sent as it is. */
    unnamed: <A>(json: A): A =>
      JSON.parse(JSON.stringify(json).replace(name, (name) => ids.get(name) ?? name)) as A
  }
}
