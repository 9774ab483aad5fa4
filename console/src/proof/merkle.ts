// Inclusion in a Merkle tree (RFC 6962 section 2.1, RFC 9162 section 2.1.3.2).
import { type Bytes, sha256 } from './bytes';

/** One step on the way from the leaf to the root. */
export interface PathStep {
  sibling: Bytes;
  /** On which side of our node the sibling stands. */
  side: 'left' | 'right';
  /** The node above both. */
  node: Bytes;
}

/** What a proof leads to. `root` is `null` if it has too few or too many hashes, or the index is not in the tree. */
export interface Path {
  steps: PathStep[];
  root: Bytes | null;
}

export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(Uint8Array.of(0), entry);
}

export function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(Uint8Array.of(1), left, right);
}

/** Follows the proof from a leaf up. The caller limits the number of hashes. */
export async function climb(index: bigint, size: bigint, leaf: Bytes, hashes: readonly Bytes[]): Promise<Path> {
  const steps: PathStep[] = [];
  if (index >= size) return { steps, root: null };
  let place = index;
  let last = size - 1n;
  let node = leaf;
  for (const sibling of hashes) {
    if (last === 0n) return { steps, root: null };
    if (place % 2n === 1n || place === last) {
      node = await nodeHash(sibling, node);
      steps.push({ sibling, side: 'left', node });
      while (place % 2n === 0n && place !== 0n) {
        place >>= 1n;
        last >>= 1n;
      }
    } else {
      node = await nodeHash(node, sibling);
      steps.push({ sibling, side: 'right', node });
    }
    place >>= 1n;
    last >>= 1n;
  }
  return { steps, root: last === 0n ? node : null };
}
