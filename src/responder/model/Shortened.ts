/** Characters of a result that a model is shown when it comes from elsewhere, or of an earlier turn. */
const mostCharacters = 100_000

/** The beginning of a long result, with a note that there was more. */
export const shortened = (text: string): string =>
  text.length > mostCharacters
    ? `${text.slice(0, mostCharacters).toWellFormed()} [cut: it was longer]`
    : text
