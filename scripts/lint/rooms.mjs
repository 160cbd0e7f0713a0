/** The errors of the rooms: the table of answers is made from them. */
const errors =
  "attachments/Errors auth/Errors health/Errors responder/Errors threads/Errors turns/Errors"

/** The ports that PostgreSQL implements, and the errors in their signatures. */
const ports = [
  "threads/ThreadStore threads/Errors turns/TurnStore turns/Errors attachments/AttachmentStore",
  "attachments/AttachmentContent attachments/LinkKey attachments/Errors",
  "responder/model/usage/ModelUsage"
].join(" ")

/** The parts of PostgreSQL that every reader of a database needs, whoever owns the tables. */
const database =
  "postgres/Pool postgres/AuthenticationClient postgres/Connections postgres/SqlFailures"

/** Files that may import a module whose name is a setting. */
export const loaders = ["responder/Load"]

/**
 * The import law. A room is a folder of `src/`, or a file beside the folders. Its line lists the
 * rooms and single files (`auth/CurrentUser`) that it may import, then the packages; everything
 * else is forbidden. `*` at the end of a name stands for any rest, and `!` takes a name out again.
 */
export const rooms = {
  core: ["", "effect"],
  protocol: ["", "effect"],
  settings: ["core", "effect node:fs"],
  telemetry: ["core", "effect"],
  health: ["core", "effect"],
  auth: ["core", "effect jose node:crypto"],
  responder: [
    "core protocol auth/CurrentUser",
    "effect effect/ai effect/http effect/encoding node:module node:path node:url"
  ],
  threads: ["core protocol", "effect"],
  attachments: [
    "core protocol auth/LiveSessions threads/MemoryTables",
    "effect file-type node:crypto"
  ],
  turns: ["core protocol auth/CurrentUser responder threads attachments", "effect"],
  chatkit: ["core protocol auth/CurrentUser responder threads attachments turns", "effect"],
  api: [`core protocol auth/CurrentUser ${errors}`, "effect effect/http effect/http-api"],
  http: [
    "api core protocol settings telemetry health auth attachments chatkit turns responder/Errors",
    "effect effect/http effect/http-api @effect/platform-node/* jose node:*"
  ],
  betterauth: [`core auth telemetry ${database}`, "effect effect/http effect/sql"],
  postgres: [`core protocol telemetry ${ports}`, "effect effect/sql @effect/sql-pg/* node:*"],
  dev: [
    "* !main !App !Answers !Handler !exports !client !cli",
    "effect @effect/sql-pg/* @electric-sql/* jose node:*"
  ],
  cli: ["* !main", "effect effect/http effect/sql @effect/platform-node/* jose node:*"],
  Answers: ["settings responder core", "effect effect/http effect/ai effect/sql"],
  client: ["", ""],
  App: [
    "* !main !Handler !exports !client !cli",
    "effect effect/* @effect/platform-node/* node:http"
  ],
  exports: ["* !main !cli !dev", "effect"],
  Handler: ["* !main !exports !client !cli !dev", "effect effect/http effect/sql"],
  main: ["App cli/Exit", "effect @effect/platform-node/*"]
}
