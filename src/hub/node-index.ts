/** Finds the nodes of a YAML document by path. Each mapping is indexed once, and aliases lead to what they mean. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml'
import type { DocPath, Spot } from './messages.ts'

interface Slot {
  readonly key: Node | undefined
  readonly value: Node | undefined
}

export class NodeIndex {
  readonly #root: Node | undefined
  readonly #anchors = new Map<string, Node>()
  readonly #targets = new Map<Node, Node>()
  readonly #slots = new Map<YAMLMap, Map<string, Slot>>()

  constructor(root: Node | undefined) {
    this.#root = root
  }

  /**
   * The node itself, or what an alias means; undefined when it means nothing. Nodes have to be met in the order of the
   * file: an alias means the last anchor of its name above it.
   */
  meet(node: Node): Node | undefined {
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source)
      if (target !== undefined) this.#targets.set(node, target)
      return target
    }
    if (hasAnchor(node)) this.#anchors.set(node.anchor, node)
    return node
  }

  find(path: DocPath): Slot | undefined {
    let slot: Slot | undefined = { key: undefined, value: this.#root }
    for (const part of path) {
      slot = this.#child(slot.value, part)
      if (slot === undefined) return undefined
    }
    return slot
  }

  /** Of the nearest thing there is, for what is missing. */
  offsetOf({ path, on }: Spot): number {
    for (let length = path.length; length > 0; length -= 1) {
      const slot = this.find(length === path.length ? path : path.slice(0, length))
      if (slot === undefined) continue
      const keyFirst = on === 'key' || length < path.length
      const [first, second] = keyFirst ? [slot.key, slot.value] : [slot.value, slot.key]
      return (first?.range ?? second?.range)?.[0] ?? 0
    }
    return 0
  }

  /** By key; the first of several equal keys. */
  slotsOf(map: YAMLMap): ReadonlyMap<string, Slot> {
    const known = this.#slots.get(map)
    if (known !== undefined) return known
    const slots = new Map<string, Slot>()
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      const name = keyText(key)
      if (name !== undefined && !slots.has(name)) slots.set(name, { key, value: value ?? undefined })
    }
    this.#slots.set(map, slots)
    return slots
  }

  #child(node: Node | undefined, part: string | number): Slot | undefined {
    const target = node === undefined ? undefined : (this.#targets.get(node) ?? node)
    if (isSeq(target) && typeof part === 'number') {
      const item = target.items[part]
      return item === undefined ? undefined : { key: undefined, value: item as Node }
    }
    return isMap(target) && typeof part === 'string' ? this.slotsOf(target).get(part) : undefined
  }
}

export function hasAnchor(node: Node): node is Node & { readonly anchor: string } {
  return (isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined
}

/** A key as it is written: `007` stays `007`. Undefined for one that is no plain name. */
export function keyText(key: Node): string | undefined {
  if (!isScalar(key)) return undefined
  const { value, source }: Scalar = key
  if (typeof value === 'string') return value
  return source === undefined || source === '' ? undefined : source
}
