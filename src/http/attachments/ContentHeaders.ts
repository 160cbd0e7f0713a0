import { isText, mediaTypeOf } from "../../attachments/MediaTypes.ts"

/** A browser displays these without running anything that might be in them. */
const inlineTypes: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif"
])

/** HTML, XML (SVG included) and scripts: a browser that is told their type might run them. */
const activeTypes = /[/+](html|xml|xsl)$|script$/

/** The `content-type` of a file with this media type. */
export const contentTypeOf = (mime: string): string => {
  const type = mediaTypeOf(mime)
  if (activeTypes.test(type) || !/^[\w.+-]+\/[\w.+-]+$/.test(type))
    return "application/octet-stream"
  return isText(type) ? `${type}; charset=utf-8` : type
}

/** A file may come from an attacker: it is displayed where that is safe, and never as our page. */
export const contentHeaders = (name: string, mime: string): Readonly<Record<string, string>> => ({
  "content-disposition": `${inlineTypes.has(mediaTypeOf(mime)) ? "inline" : "attachment"}; ${filename(name)}`,
  "content-security-policy": "default-src 'none'; sandbox",
  "x-content-type-options": "nosniff",
  "cache-control": "private, max-age=3600, immutable",
  // ChatKit's frame is a page of another origin.
  "cross-origin-resource-policy": "cross-origin"
})

/** RFC 6266 §4.3: a name in ASCII for every client, and the true one for those that decode it. */
const filename = (name: string): string => {
  const plain = name
    .slice(-200)
    .toWellFormed()
    .replace(/[\p{Cc}/\\]/gu, "_")
  const fullName = plain === "" ? "file" : plain
  const ascii = fullName.replace(/[^\x20-\x7e]|["%]/gu, "_")
  // RFC 8187 §3.2.1: `encodeURIComponent` leaves some characters that must be encoded here.
  const encoded = encodeURIComponent(fullName).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  )
  return `filename="${ascii}"; filename*=UTF-8''${encoded}`
}
