import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { isId } from "../../core/Ids.ts"
import type { UserId } from "../../core/User.ts"
import { isHidden, type ThreadItem } from "../../protocol/Items.ts"
import { storable } from "./StorableJson.ts"

/** An unusable id is a server bug, not a client error. */
export const needId = (id: string) =>
  isId(id) ? Effect.void : Effect.die(new Error("an object to be stored has no usable id"))

const isPending = (item: ThreadItem) =>
  item.type === "client_tool_call" && item.status === "pending"

/** The statements that change a thread's items. */
export const changeStatements = (sql: SqlClient.SqlClient) => {
  /** The thread's row, locked against other writers until the transaction ends. */
  const locked = <A extends object>(
    columns: "id" | "data",
    userId: UserId,
    threadId: string,
    turn: string | undefined
  ) => sql<A>`
  select ${sql(columns)} from chatkit.threads
  where id = ${threadId} and user_id = ${userId}
  ${turn === undefined ? sql`` : sql`and turn = ${turn}`}
  for no key update`

  /** The columns of an item but its thread's, unless it cannot be stored. */
  const valuesOf = (userId: UserId, item: ThreadItem) =>
    Effect.map(
      Effect.andThen(needId(item.id), storable(item)),
      (json) => sql`
      ${item.id}, ${userId}, ${isHidden(item)}, ${isPending(item)}, ${json}::json`
    )

  const putItem = (userId: UserId, threadId: string, item: ThreadItem, turn?: string) =>
    Effect.flatMap(
      valuesOf(userId, item),
      (values) => sql`
      with locked as (${locked("id", userId, threadId, turn)})
      insert into chatkit.items (thread_id, id, user_id, hidden, pending, data)
      select id, ${values} from locked
      on conflict (thread_id, id) do update
      set hidden = excluded.hidden, pending = excluded.pending, data = excluded.data
      returning id`
    )

  const deleteItemsAfter = (userId: UserId, threadId: string, itemId: string) => sql`
  with last as (
    select position from chatkit.items
    where thread_id = ${threadId} and id = ${itemId} and user_id = ${userId}),
  gone as (
    delete from chatkit.items i using last
    where i.thread_id = ${threadId} and i.user_id = ${userId} and i.position > last.position)
  select position from last`

  /** Locks in the order of ids, so that two transactions on the same ids cannot deadlock. */
  const attach = (userId: UserId, threadId: string, ids: ReadonlyArray<string>) => sql`
  update chatkit.attachments set thread_id = ${threadId}
  where id in (
    select id from chatkit.attachments
    where user_id = ${userId} and id = any(${ids}::text[]) order by id for update)
  returning id`

  const deleteItem = (userId: UserId, threadId: string, itemId: string) => sql`
    delete from chatkit.items
    where thread_id = ${threadId} and id = ${itemId} and user_id = ${userId}`

  return { attach, deleteItem, deleteItemsAfter, locked, putItem, valuesOf }
}
