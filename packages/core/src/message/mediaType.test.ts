import { describe, expect, it } from "vitest"
import { imageTypes, isImageType, mediaTypeOf } from "./mediaType.js"

const bytes = (text: string): Uint8Array => Uint8Array.from([...text].map((letter) => letter.charCodeAt(0)))

const png = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"

describe("the media type of a blob", () => {
  it.each([
    ["a PNG", png, "image/png"],
    ["a JPEG", "\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"],
    ["a lossy WebP", "RIFF\x24\0\0\0WEBPVP8 ", "image/webp"],
    ["a lossless WebP", "RIFF\x24\0\0\0WEBPVP8L", "image/webp"],
    ["a GIF of 1987", "GIF87a\x01\0\x01\0", "image/gif"],
    ["a GIF of 1989", "GIF89a\x01\0\x01\0", "image/gif"],
    ["a GIF that is a script, too", "GIF89a/*\0\0*/=alert(1)", "image/gif"],
    ["an SVG", '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "application/octet-stream"],
    ["a page", "<!doctype html><script>alert(1)</script>", "application/octet-stream"],
    ["a page behind white space", `\n\n${png}`, "application/octet-stream"],
    ["a PNG without its header", "\x89PNG\r\n\x1a\n<html><script>", "application/octet-stream"],
    ["a PNG that is cut off", png.slice(0, 12), "application/octet-stream"],
    ["another RIFF file", "RIFF\x24\0\0\0WAVEfmt ", "application/octet-stream"],
    ["an image of a WebP in another file", "FORM\x24\0\0\0WEBPVP8 ", "application/octet-stream"],
    ["an image of a WebP in another form of RIFF", "RIFF\x24\0\0\0WAVEVP8 ", "application/octet-stream"],
    ["a WebP without an image", "RIFF\x24\0\0\0WEBP<htm", "application/octet-stream"],
    ["a text", "image/png", "application/octet-stream"],
    ["nothing", "", "application/octet-stream"],
  ])("is that of its bytes: %s", (_name, text, type) => {
    expect(mediaTypeOf(bytes(text))).toBe(type)
  })

  it.each([
    ["image/png", true],
    ["image/jpeg", true],
    ["image/webp", true],
    ["image/gif", true],
    ["image/svg+xml", false],
    ["application/octet-stream", false],
    ["", false],
  ])("is one of an image or not: %s", (mediaType, isImage) => {
    expect(isImageType(mediaType)).toBe(isImage)
    expect(imageTypes.map(String).includes(mediaType)).toBe(isImage)
  })
})
