import { Schema } from "effect"

/** Better Auth's `user.id` as text, whatever type the column has (`text`, `uuid`, `integer`). */
export const UserId = Schema.String.pipe(Schema.brand("UserId"))
export type UserId = typeof UserId.Type

/** Better Auth's `session.id` as text; not the session token, which is a credential. */
export const SessionId = Schema.String.pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type
