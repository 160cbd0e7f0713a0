import type { SettingsShape } from "../../settings/Settings.ts"

/**
 * A newcomer's first request as a command for a terminal, and the person it signs in. `mint` is
 * the command that prints a token for that person.
 */
export const firstRequest = (
  url: string,
  { databaseUrl, secret }: Pick<SettingsShape, "databaseUrl" | "secret">,
  mint: (person: string) => string
): { readonly person: string; readonly command: string } => {
  const [person, token] =
    databaseUrl === undefined
      ? ["ada", `$(${mint("ada")})`]
      : secret === undefined
        ? ["the person whose token is in $TOKEN", "$TOKEN"]
        : ["you@example.com, if that is in your user table", `$(${mint("you@example.com")})`]
  return {
    person,
    command: `curl -N '${url}/support/chatkit' -H "Authorization: Bearer ${token}" -H 'Content-Type: application/json' -d '{"message": "Hello"}'`
  }
}
