/** The media type itself, in lower case and without parameters. */
export const mediaTypeOf = (mime: string): string =>
  (mime.split(";", 1)[0] ?? "").trim().toLowerCase()

/** Whether files of this media type are text, so that every byte of them can be checked. */
export const isText = (type: string): boolean =>
  type.startsWith("text/") || /[/+](json|xml)$/.test(type)

const office = "application/vnd.openxmlformats-officedocument"

/** The media types of usual files, by the ending of their names. */
const typeOfEnding: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["jpe", "image/jpeg"],
  ["jfif", "image/jpeg"],
  ["webp", "image/webp"],
  ["gif", "image/gif"],
  ["avif", "image/avif"],
  ["heic", "image/heic"],
  ["heif", "image/heif"],
  ["bmp", "image/bmp"],
  ["tif", "image/tiff"],
  ["tiff", "image/tiff"],
  ["svg", "image/svg+xml"],
  ["pdf", "application/pdf"],
  ["txt", "text/plain"],
  ["text", "text/plain"],
  ["log", "text/plain"],
  ["csv", "text/csv"],
  ["tsv", "text/tab-separated-values"],
  ["md", "text/markdown"],
  ["markdown", "text/markdown"],
  ["htm", "text/html"],
  ["html", "text/html"],
  ["xml", "application/xml"],
  ["json", "application/json"],
  ["rtf", "application/rtf"],
  ["zip", "application/zip"],
  ["doc", "application/msword"],
  ["xls", "application/vnd.ms-excel"],
  ["ppt", "application/vnd.ms-powerpoint"],
  ["docx", `${office}.wordprocessingml.document`],
  ["xlsx", `${office}.spreadsheetml.sheet`],
  ["pptx", `${office}.presentationml.presentation`],
  ["mp3", "audio/mpeg"],
  ["wav", "audio/wav"],
  ["m4a", "audio/mp4"],
  ["ogg", "audio/ogg"],
  ["mp4", "video/mp4"],
  ["mov", "video/quicktime"],
  ["webm", "video/webm"]
])

/** Browsers state the first for what they do not know, and on Windows the second for any table. */
const general: ReadonlySet<string> = new Set([
  "application/octet-stream",
  "application/vnd.ms-excel"
])

/**
 * The media type that a file is taken for. Its sender states it, which is often an application's
 * guess: the ending of the name counts where the stated type is general or not among `taken`, and
 * the ending's is.
 */
export const typeOfFile = (
  { mime_type, name }: { readonly name: string; readonly mime_type: string },
  taken: ReadonlySet<string>
): string => {
  const stated = mediaTypeOf(mime_type)
  if (taken.has(stated) && !general.has(stated)) return stated
  const byName = typeOfEnding.get(/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "")
  return byName !== undefined && taken.has(byName) ? byName : stated
}
