/**
 * Bytes for keys, which `fill(0)` reaches for certain (S45).
 *
 * A small Buffer begins inside of V8's own heap. The first native code that asks for its bytes has them copied out, the
 * Buffer refers to the copy from then on, and what was inside stays where nothing can overwrite it. Over an ArrayBuffer of
 * its own a Buffer never lies in there.
 */
export function newKeyBytes(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length))
}
