/** The media type itself, in lower case and without parameters. */
export const mediaTypeOf = (mime: string): string =>
  (mime.split(";", 1)[0] ?? "").trim().toLowerCase()

/** Whether files of this media type are text, so that every byte of them can be checked. */
export const isText = (type: string): boolean =>
  type.startsWith("text/") || /[/+](json|xml)$/.test(type)
