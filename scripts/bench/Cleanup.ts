type Task = () => Promise<unknown> | void

/** What must be undone however the benchmark ends, the latest first. */
export interface Cleanup {
  /** Gives back what undoes the task early. */
  readonly add: (task: Task) => () => Promise<void>
  readonly run: () => Promise<void>
}

export const makeCleanup = (): Cleanup => {
  const tasks = new Set<Task>()
  let running: Promise<void> | undefined

  const undo = async (task: Task) => {
    if (!tasks.delete(task)) return
    try {
      await task()
    } catch (error) {
      console.error(`cleaning up: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const undoAll = async () => {
    for (let task = [...tasks].at(-1); task !== undefined; task = [...tasks].at(-1)) {
      await undo(task)
    }
  }
  return {
    add: (task) => {
      tasks.add(task)
      if (running !== undefined) {
        void undo(task)
        throw new Error("the benchmark is ending")
      }
      return () => undo(task)
    },
    run: () => (running ??= undoAll())
  }
}
