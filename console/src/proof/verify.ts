// The verification of an evidence bundle, step by step, with every intermediate value. Pure but for Web Crypto.
import { parseBundle } from './bundle';
import { concat, equal, sha256, toBase64, toHex, utf8 } from './bytes';
import { Failure } from './failure';
import { hasEd25519, hasSigned, type VerifierKey } from './key';
import { climb, leafHash, type PathStep } from './merkle';
import type { Checkpoint, Note } from './tlog';

/** What a log entry begins with; 64 hexadecimal digits of the commitment follow. */
export const ENTRY_PREFIX = 'sakimori/v1 ';

const COMMITMENT_DOMAIN = 'sakimori-commitment-v1\0';

/** The steps in their order. The first that fails ends the verification. */
export type Step =
  | { name: 'statement'; digest: string; bytes: number; text: string }
  | { name: 'record'; record: string }
  | { name: 'commitment'; salt: string; commitment: string }
  | { name: 'leaf'; entry: string; hash: string }
  | { name: 'path'; index: bigint; size: bigint; leaf: string; steps: ShownStep[]; root: string }
  | { name: 'checkpoint'; origin: string; size: bigint; root: string; text: string }
  | { name: 'signature'; key: string; signature: string };

export type StepName = Step['name'];

/** A step on the path, in Base64 as checkpoints and proofs write hashes. */
export interface ShownStep {
  sibling: string;
  side: 'left' | 'right';
  node: string;
}

/** All steps held, or those before the failure held. */
export interface Verification {
  steps: Step[];
  failure: { at: StepName | 'bundle'; code: Failure['code']; detail: string } | null;
}

/** What is verified: the bundle as it came, the record that was asked for, and the one key that is trusted. */
export interface Question {
  bundle: Uint8Array;
  record: string;
  key: VerifierKey;
}

export const STEP_NAMES = ['statement', 'record', 'commitment', 'leaf', 'path', 'checkpoint', 'signature'] as const;

/** Verifies a bundle. Never throws on what is in it; a bundle can't vouch for itself, so the key comes from the caller. */
export async function verify(question: Question): Promise<Verification> {
  const steps: Step[] = [];
  try {
    for await (const step of stepsOf(question)) steps.push(step);
    return { steps, failure: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { steps, failure: { at: failedAt(steps, error), code: error.code, detail: error.detail } };
  }
}

async function* stepsOf({ bundle, record, key }: Question): AsyncGenerator<Step> {
  const { statement, salt, proof } = parseBundle(bundle);
  const bytes = utf8(statement);
  yield { name: 'statement', digest: toHex(await sha256(bytes)), bytes: bytes.length, text: statement };
  checkRecord(statement, record);
  yield { name: 'record', record };
  const commitment = toHex(await sha256(utf8(COMMITMENT_DOMAIN), salt, bytes));
  yield { name: 'commitment', salt: toHex(salt), commitment };
  const entry = `${ENTRY_PREFIX}${commitment}`;
  const leaf = await leafHash(utf8(entry));
  yield { name: 'leaf', entry, hash: toBase64(leaf) };
  const { index, hashes, checkpoint, note } = proof;
  const path = await climb(index, checkpoint.size, leaf, hashes);
  if (path.root === null || !equal(path.root, checkpoint.root)) {
    throw new Failure('not-included', `the path does not lead to the root from index ${index} of ${checkpoint.size}`);
  }
  yield {
    name: 'path',
    index,
    size: checkpoint.size,
    leaf: toBase64(leaf),
    steps: path.steps.map(shown),
    root: toBase64(path.root),
  };
  yield {
    name: 'checkpoint',
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: toBase64(checkpoint.root),
    text: note.text,
  };
  yield { name: 'signature', key: key.text, signature: await checkSignature(note, checkpoint, key) };
}

/** The statement must be about the record that was asked for: a good proof of another record proves nothing here. */
function checkRecord(statement: string, record: string): void {
  let found: unknown;
  try {
    const document = JSON.parse(statement) as { predicate?: { record?: unknown } } | null;
    found = document?.predicate?.record;
  } catch {
    throw new Failure('other-record', 'the statement is not JSON');
  }
  if (found !== record) throw new Failure('other-record', 'the statement is about another record');
}

/** Returns the signature in Base64. Signatures by others are ignored; each by this key must hold. */
async function checkSignature(note: Note, checkpoint: Checkpoint, key: VerifierKey): Promise<string> {
  const own = note.signatures.filter((signature) => signature.name === key.name && equal(signature.id, key.id));
  const [first] = own;
  if (first === undefined) {
    const names = note.signatures.map((signature) => signature.name).join(', ');
    throw new Failure('unknown-key', `this key did not sign the checkpoint (it bears the names ${names})`);
  }
  if (checkpoint.origin !== key.name) {
    throw new Failure('unknown-key', `the checkpoint is of the log ${checkpoint.origin}, but the key is of ${key.name}`);
  }
  if (!(await hasEd25519())) throw new Failure('no-ed25519', 'this browser has no Ed25519 in Web Crypto');
  for (const signature of own) {
    if (!(await hasSigned(key, note.text, signature.bytes))) {
      throw new Failure('wrong-signature', 'the text was changed, or somebody else signed it');
    }
  }
  return toBase64(concat(first.id, first.bytes));
}

function shown(step: PathStep): ShownStep {
  return { sibling: toBase64(step.sibling), side: step.side, node: toBase64(step.node) };
}

/** The step that did not come to be; `bundle` when it could not even be read. */
function failedAt(steps: readonly Step[], failure: Failure): StepName | 'bundle' {
  if (steps.length === 0) return 'bundle';
  return STEP_NAMES[steps.length] ?? (failure.code === 'not-included' ? 'path' : 'signature');
}
