/**
 * What the first bytes of a blob show it to be. The word of its sender decides nothing: what is shown as an image must be one, also where
 * it is a page or a script under the name of an image.
 */

/** Media types of images that a message may have. */
export const imageTypes = ["image/png", "image/jpeg", "image/webp", "image/gif"] as const
export type ImageType = (typeof imageTypes)[number]

/** The media type of everything else. */
const otherType = "application/octet-stream"

const startsWith = (bytes: Uint8Array, at: number, ...wanted: readonly number[]): boolean =>
  wanted.every((byte, index) => bytes[at + index] === byte)

const ascii = (text: string): readonly number[] => [...text].map((letter) => letter.charCodeAt(0))

/** The signature of each type, by its specification. */
const signatures: { readonly [T in ImageType]: (bytes: Uint8Array) => boolean } = {
  // PNG 5.2: the signature, then the length and the name of the header chunk.
  "image/png": (bytes) =>
    startsWith(bytes, 0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) && startsWith(bytes, 12, ...ascii("IHDR")),
  // JPEG B.1.1: start of image, then any marker.
  "image/jpeg": (bytes) => startsWith(bytes, 0, 0xff, 0xd8, 0xff),
  // RFC 9649: a RIFF file whose form is WEBP.
  "image/webp": (bytes) =>
    startsWith(bytes, 0, ...ascii("RIFF")) &&
    startsWith(bytes, 8, ...ascii("WEBP")) &&
    startsWith(bytes, 12, ...ascii("VP8")),
  // GIF89a 17: signature and version.
  "image/gif": (bytes) => startsWith(bytes, 0, ...ascii("GIF87a")) || startsWith(bytes, 0, ...ascii("GIF89a")),
}

/** The media type of these bytes: that of an image, or {@link otherType}. */
export const mediaTypeOf = (bytes: Uint8Array): ImageType | typeof otherType =>
  imageTypes.find((type) => signatures[type](bytes)) ?? otherType

/** Whether a media type is that of an image that a message may have. */
export const isImageType = (mediaType: string): mediaType is ImageType => imageTypes.some((type) => type === mediaType)
