/**
 * Room for key bytes that overwriting really empties (S45): outside of JavaScript's heap. A small typed array lies in the
 * heap, which moves it and leaves a copy behind, and which native code copies again to use it. Nor from Node's pool of
 * small Buffers, which is shared with everything else.
 */
export function keySpace(bytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(bytes))
}

export function keyCopy(key: Uint8Array): Buffer {
  const copy = keySpace(key.length)
  copy.set(key)
  return copy
}
