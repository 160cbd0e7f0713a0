import { mediaTypeOf } from "../attachments/AttachmentRules.ts"
import { isText } from "../attachments/FileTypes.ts"

/** What a browser shows without running anything that might be in it. */
const shownInline: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif"
])

/** HTML, XML with SVG in it, and scripts: a browser that knew what they are might run them. */
const active = /[/+](html|xml|xsl)$|script$/

/** The `content-type` of a file with this media type. */
export const contentTypeOf = (mime: string): string => {
  const type = mediaTypeOf(mime)
  if (active.test(type) || !/^[\w.+-]+\/[\w.+-]+$/.test(type)) return "application/octet-stream"
  return isText(type) ? `${type}; charset=utf-8` : type
}

/** Files are other people's: shown where that is safe, and never as a page of this origin. */
export const contentHeaders = (name: string, mime: string): Readonly<Record<string, string>> => ({
  "content-disposition": `${shownInline.has(mediaTypeOf(mime)) ? "inline" : "attachment"}; ${filename(name)}`,
  "content-security-policy": "default-src 'none'; sandbox",
  "x-content-type-options": "nosniff",
  "cache-control": "private, max-age=3600, immutable",
  // ChatKit's frame is a page of another origin.
  "cross-origin-resource-policy": "cross-origin"
})

/** RFC 6266 §4.3: for every client a name in ASCII, and the true one for those that understand it. */
const filename = (name: string): string => {
  const plain = name
    .slice(-200)
    .toWellFormed()
    .replace(/[\p{Cc}/\\]/gu, "_")
  const shown = plain === "" ? "file" : plain
  const ascii = shown.replace(/[^\x20-\x7e]|["%]/gu, "_")
  // RFC 8187 §3.2.1 allows less than `encodeURIComponent` leaves as it is.
  const encoded = encodeURIComponent(shown).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  )
  return `filename="${ascii}"; filename*=UTF-8''${encoded}`
}
