/**
 * A PNG that every decoder takes: agents look at the images that they are given, and some refuse one that is only the beginning of an
 * image.
 */
import { crc32, deflateSync } from "node:zlib"

const chunk = (name: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

/** A square of one colour, `side` pixels wide: red, green and blue from 0 to 255. */
export const samplePng = (side = 8, [red, green, blue]: readonly [number, number, number] = [200, 30, 30]): Buffer => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  // 8 bits a sample, true colour.
  header.set([8, 2, 0, 0, 0], 8)
  const row = [0, ...Array.from({ length: side }, () => [red, green, blue]).flat()]
  const pixels = Buffer.from(Array.from({ length: side }, () => row).flat())
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(pixels)),
    chunk("IEND", Buffer.alloc(0)),
  ])
}
