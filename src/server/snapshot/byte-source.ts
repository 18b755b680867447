/** Bytes that come in chunks, taken in pieces of a given size. */
import { damaged } from './errors.ts'

export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** As many as `size`, in as many pieces as they come. @throws {SnapshotError} when there are fewer */
  async *take(size: number): AsyncGenerator<Buffer> {
    let left = size
    while (left > 0) {
      const chunk = await this.#next()
      if (chunk === undefined) throw damaged('it is cut off')
      const piece = chunk.subarray(0, left)
      this.#rest = chunk.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }

  /** Into one piece: `size` is small. */
  async takeWhole(size: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.take(size)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  /** Whether nothing but zeros is left, and no more of them than archives are filled up with. Reads to the end. */
  async endsInZeros(most: number): Promise<boolean> {
    let bytes = 0
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
      bytes += chunk.length
      if (bytes > most || chunk.some((byte) => byte !== 0)) return false
      this.#rest = Buffer.alloc(0)
    }
    return true
  }

  /** Lets go of where the bytes come from. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#rest.length > 0) return this.#rest
    const { value, done } = await this.#chunks.next()
    if (done === true) return undefined
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
}
