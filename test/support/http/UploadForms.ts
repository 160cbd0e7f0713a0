/** A part of a form. */
export interface Part {
  readonly field: string
  readonly filename?: string
  readonly type?: string
  readonly content: Uint8Array | string
}

const boundary = "----a-boundary"

/** A form as a browser writes it. */
export const formOf = (parts: ReadonlyArray<Part>, end = `--${boundary}--\r\n`) => ({
  headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  body: Buffer.concat([
    ...parts.flatMap(({ content, field, filename, type }) => [
      Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="${field}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n${type === undefined ? "" : `content-type: ${type}\r\n`}\r\n`
      ),
      Buffer.from(content),
      Buffer.from("\r\n")
    ]),
    Buffer.from(end)
  ])
})

/** The first bytes of a PNG image: as much as shows what it is. */
export const png = Buffer.from(
  "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccff0bf1e000601027fb9d1c5460000000049454e44ae426082",
  "hex"
)
