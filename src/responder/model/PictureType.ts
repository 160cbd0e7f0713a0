/** The types that models see. One picture of another type would make them refuse the whole thread. */
export const pictureTypes: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif"
])

/** The type of a picture by its first bytes; undefined for one that models do not see. */
export const pictureTypeOf = (bytes: Uint8Array): string | undefined => {
  const head = String.fromCharCode(...bytes.subarray(0, 12))
  if (head.startsWith("\x89PNG")) return "image/png"
  if (head.startsWith("\xFF\xD8\xFF")) return "image/jpeg"
  if (head.startsWith("GIF8")) return "image/gif"
  return head.startsWith("RIFF") && head.endsWith("WEBP") ? "image/webp" : undefined
}
