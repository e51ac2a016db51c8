/**
 * A sorted map of which a copy costs nothing: both share what neither has changed since. A tree of small nodes; a node that the tree does
 * not own is copied before it is changed, and one that it owns is changed where it is.
 */
import type { Scalar } from "./Layout.js"
import { compareText } from "./scalars.js"

/** Elements of a key. A null comes before numbers, these before text. */
export type TreeKey = readonly (Scalar | null)[]

/** Entries, or children, of a node at most. */
const widest = 32

const rank = (value: Scalar | null): number => (value === null ? 0 : typeof value === "number" ? 1 : 2)

/** The order of two keys, element by element; a key comes before those that it begins. */
export const compareTreeKeys = (a: TreeKey, b: TreeKey): number => {
  const shorter = Math.min(a.length, b.length)
  for (let index = 0; index < shorter; index++) {
    const left = a[index] ?? null
    const right = b[index] ?? null
    if (left === right) continue
    if (typeof left === "string" && typeof right === "string") return compareText(left, right)
    if (typeof left === "number" && typeof right === "number") return left - right
    return rank(left) - rank(right)
  }
  return a.length - b.length
}

const begins = (prefix: TreeKey, key: TreeKey): boolean =>
  prefix.length <= key.length && prefix.every((value, index) => value === key[index])

/** Who may change a node where it is. */
type Owner = object

interface Leaf<V> {
  readonly owner: Owner
  readonly keys: TreeKey[]
  readonly values: V[]
}

interface Branch<V> {
  readonly owner: Owner
  /** The first key below each child, or one before it. */
  readonly keys: TreeKey[]
  readonly children: Node<V>[]
}

type Node<V> = Leaf<V> | Branch<V>

const isLeaf = <V>(node: Node<V>): node is Leaf<V> => "values" in node

/** How many of the keys are at this one or before it. */
const upTo = (keys: readonly TreeKey[], key: TreeKey): number => {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    const there = keys[middle]
    if (there !== undefined && compareTreeKeys(there, key) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The child below which a key lies, or would. */
const childOf = (keys: readonly TreeKey[], key: TreeKey): number => Math.max(0, upTo(keys, key) - 1)

export class SortedTree<V> {
  private root: Node<V> | null = null
  private owner: Owner = {}

  /** A copy. What is done to one of the two is not seen in the other. */
  fork(): SortedTree<V> {
    const copy = new SortedTree<V>()
    copy.root = this.root
    this.owner = {}
    return copy
  }

  /** Whether both hold the same nodes: then they hold the same. False says nothing. */
  shares(other: SortedTree<V>): boolean {
    return this.root === other.root
  }

  get(key: TreeKey): V | undefined {
    let node = this.root
    while (node !== null) {
      if (isLeaf(node)) {
        const at = upTo(node.keys, key) - 1
        const there = node.keys[at]
        return there !== undefined && compareTreeKeys(there, key) === 0 ? node.values[at] : undefined
      }
      node = node.children[childOf(node.keys, key)] ?? null
    }
    return undefined
  }

  set(key: TreeKey, value: V): void {
    if (this.root === null) {
      this.root = { owner: this.owner, keys: [key], values: [value] }
      return
    }
    const root = this.owned(this.root)
    const right = this.put(root, key, value)
    this.root =
      right === null
        ? root
        : { owner: this.owner, keys: [root.keys[0] ?? key, right.keys[0] ?? key], children: [root, right] }
  }

  delete(key: TreeKey): void {
    if (this.root === null || this.get(key) === undefined) return
    const root = this.owned(this.root)
    this.root = this.remove(root, key) ? null : root
  }

  /** The entries whose keys begin with these elements, in order. */
  *under(prefix: TreeKey): Generator<readonly [TreeKey, V], void> {
    for (const entry of this.from(prefix)) {
      if (!begins(prefix, entry[0])) return
      yield entry
    }
  }

  /** The first of them. */
  first(prefix: TreeKey): V | undefined {
    for (const [, value] of this.under(prefix)) return value
    return undefined
  }

  /** The entries at a key and behind it, in order. */
  *from(key: TreeKey): Generator<readonly [TreeKey, V], void> {
    if (this.root !== null) yield* forward(this.root, key)
  }

  /** The entries before a key, the last one first; null: all of them. */
  *before(key: TreeKey | null): Generator<readonly [TreeKey, V], void> {
    if (this.root !== null) yield* backward(this.root, key)
  }

  private owned<N extends Node<V>>(node: N): N
  private owned(node: Node<V>): Node<V> {
    if (node.owner === this.owner) return node
    return isLeaf(node)
      ? { owner: this.owner, keys: [...node.keys], values: [...node.values] }
      : { owner: this.owner, keys: [...node.keys], children: [...node.children] }
  }

  /** Puts an entry below an owned node. Returns the right half where it had to be split. */
  private put(node: Node<V>, key: TreeKey, value: V): Node<V> | null {
    if (isLeaf(node)) {
      const at = upTo(node.keys, key)
      const there = node.keys[at - 1]
      if (there !== undefined && compareTreeKeys(there, key) === 0) {
        node.values[at - 1] = value
        return null
      }
      node.keys.splice(at, 0, key)
      node.values.splice(at, 0, value)
    } else {
      const at = childOf(node.keys, key)
      const found = node.children[at]
      if (found === undefined) return null
      const child = this.owned(found)
      node.children[at] = child
      const right = this.put(child, key, value)
      node.keys[at] = child.keys[0] ?? key
      if (right === null) return null
      node.keys.splice(at + 1, 0, right.keys[0] ?? key)
      node.children.splice(at + 1, 0, right)
    }
    if (node.keys.length <= widest) return null
    // What is put at the end is nearly always followed by more: the left half stays nearly full.
    const middle = upTo(node.keys, key) === node.keys.length ? widest - 2 : widest >> 1
    const keys = node.keys.splice(middle)
    return isLeaf(node)
      ? { owner: this.owner, keys, values: node.values.splice(middle) }
      : { owner: this.owner, keys, children: node.children.splice(middle) }
  }

  /** Removes an entry below an owned node. Returns whether nothing is left there. */
  private remove(node: Node<V>, key: TreeKey): boolean {
    if (isLeaf(node)) {
      const at = upTo(node.keys, key) - 1
      node.keys.splice(at, 1)
      node.values.splice(at, 1)
    } else {
      const at = childOf(node.keys, key)
      const found = node.children[at]
      if (found === undefined) return false
      const child = this.owned(found)
      node.children[at] = child
      if (this.remove(child, key)) {
        node.keys.splice(at, 1)
        node.children.splice(at, 1)
      } else node.keys[at] = child.keys[0] ?? key
    }
    return node.keys.length === 0
  }
}

function* forward<V>(node: Node<V>, key: TreeKey | null): Generator<readonly [TreeKey, V], void> {
  if (isLeaf(node)) {
    for (let at = key === null ? 0 : firstFrom(node.keys, key); at < node.keys.length; at++) yield entryAt(node, at)
    return
  }
  const first = key === null ? 0 : childOf(node.keys, key)
  for (let at = first; at < node.children.length; at++) {
    const child = node.children[at]
    if (child !== undefined) yield* forward(child, at === first ? key : null)
  }
}

function* backward<V>(node: Node<V>, key: TreeKey | null): Generator<readonly [TreeKey, V], void> {
  if (isLeaf(node)) {
    const end = key === null ? node.keys.length : firstFrom(node.keys, key)
    for (let at = end - 1; at >= 0; at--) yield entryAt(node, at)
    return
  }
  const last = key === null ? node.children.length - 1 : childOf(node.keys, key)
  for (let at = last; at >= 0; at--) {
    const child = node.children[at]
    if (child !== undefined) yield* backward(child, at === last ? key : null)
  }
}

/** The place of the first key that is not before this one. */
const firstFrom = (keys: readonly TreeKey[], key: TreeKey): number => {
  const end = upTo(keys, key)
  const there = keys[end - 1]
  return there !== undefined && compareTreeKeys(there, key) === 0 ? end - 1 : end
}

const entryAt = <V>(node: Leaf<V>, at: number): readonly [TreeKey, V] =>
  [node.keys[at], node.values[at]] as [TreeKey, V]
