// Proofs and checkpoints of a transparency log: C2SP tlog-proof, tlog-checkpoint, signed-note. Read strictly.
import { type Bytes, fromBase64, utf8 } from './bytes';
import { Failure, type FailureCode } from './failure';
import { isKeyName } from './key';
import { NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, PROOF_BYTES_MAX, PROOF_HASHES_MAX, TREE_SIZE_MAX } from './limits';

/** A proof of inclusion, well-formed but not yet believed. */
export interface Proof {
  /** The index of the entry, from 0. */
  index: bigint;
  /** From the sibling of the leaf up to the child of the root. */
  hashes: Bytes[];
  note: Note;
  checkpoint: Checkpoint;
}

/** A text with signatures. */
export interface Note {
  /** What is signed, with its last newline. */
  text: string;
  signatures: NoteSignature[];
}

export interface NoteSignature {
  name: string;
  /** Which key of that name, 4 bytes. */
  id: Bytes;
  bytes: Bytes;
}

/** The head of a log: so many entries, under this root. */
export interface Checkpoint {
  origin: string;
  size: bigint;
  root: Bytes;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';

/** Reads the text form of a proof. Extra data is refused, as nothing vouches for it. Throws `Failure`. */
export function parseProof(text: string): Proof {
  const malformed = (why: string) => new Failure('proof-malformed', why);
  if (utf8(text).length > PROOF_BYTES_MAX) throw malformed(`more than ${PROOF_BYTES_MAX} bytes`);
  const gap = text.indexOf('\n\n');
  if (gap < 0) throw malformed('there is no empty line before the checkpoint');
  const [first, second, ...rest] = text.slice(0, gap).split('\n');
  if (first !== FIRST_LINE) throw malformed(`the first line is not ${FIRST_LINE}`);
  if (second?.startsWith('extra ')) throw malformed('extra data is not allowed in a bundle');
  const index = second?.startsWith('index ') ? parseDecimal(second.slice('index '.length)) : null;
  if (index === null) throw malformed("there is no line 'index NUMBER'");
  if (rest.length > PROOF_HASHES_MAX) throw malformed(`more than ${PROOF_HASHES_MAX} hashes`);
  const hashes = rest.map((line) => parseHash(line, 'proof-malformed', 'a hash is not 32 bytes in Base64'));
  const note = parseNote(text.slice(gap + 2));
  return { index, hashes, note, checkpoint: parseCheckpoint(note.text) };
}

/** Reads a signed note. Says nothing about whether its signatures hold. Throws `Failure`. */
export function parseNote(text: string): Note {
  const malformed = (why: string) => new Failure('checkpoint-malformed', why);
  if (utf8(text).length > NOTE_BYTES_MAX) throw malformed(`the note is larger than ${NOTE_BYTES_MAX} bytes`);
  if (/[\0-\x09\x0b-\x1f\x7f]/.test(text)) throw malformed('it has control characters');
  const gap = text.lastIndexOf('\n\n');
  if (gap < 0) throw malformed('no empty line before the signatures');
  if (!text.endsWith('\n')) throw malformed('it does not end in a newline');
  const lines = text.slice(gap + 2, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) throw malformed(`more than ${NOTE_SIGNATURES_MAX} signatures`);
  return { text: text.slice(0, gap + 1), signatures: lines.map(parseSignature) };
}

/** Reads the text of a checkpoint. Extension lines are allowed and dropped. Throws `Failure`. */
export function parseCheckpoint(text: string): Checkpoint {
  const malformed = (why: string) => new Failure('checkpoint-malformed', why);
  if (!text.endsWith('\n')) throw malformed('it does not end in a newline');
  const lines = text.slice(0, -1).split('\n');
  if (lines.includes('')) throw malformed('it has an empty line');
  const [origin, sizeText, rootText] = lines;
  if (origin === undefined || sizeText === undefined || rootText === undefined) {
    throw malformed('it has fewer than three lines');
  }
  const size = parseDecimal(sizeText);
  if (size === null) throw malformed('the size is not a plain decimal number');
  return { origin, size, root: parseHash(rootText, 'checkpoint-malformed', 'the root is not 32 bytes in Base64') };
}

function parseSignature(line: string): NoteSignature {
  const malformed = new Failure('checkpoint-malformed', "a signature line is not of the form '— NAME BASE64'");
  if (!line.startsWith('— ')) throw malformed;
  const [name, base64, more] = line.slice(2).split(' ');
  if (name === undefined || base64 === undefined || more !== undefined || !isKeyName(name)) throw malformed;
  const bytes = fromBase64(base64);
  if (bytes === null || bytes.length <= 4) throw malformed;
  return { name, id: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

/** A number as checkpoints and proofs write it: no sign, no leading zero, not above `TREE_SIZE_MAX`. */
function parseDecimal(text: string): bigint | null {
  if (text.length > 20 || !/^(0|[1-9][0-9]*)$/.test(text)) return null;
  const number = BigInt(text);
  return number <= TREE_SIZE_MAX ? number : null;
}

function parseHash(text: string, code: FailureCode, why: string): Bytes {
  const bytes = text.length === 44 ? fromBase64(text) : null;
  if (bytes?.length !== 32) throw new Failure(code, why);
  return bytes;
}
