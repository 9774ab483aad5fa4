// Public keys of logs in the text form of signed notes, `NAME+ID+BASE64(0x01 || key)`, and their signatures.
import { type Bytes, concat, equal, fromBase64, fromHex, sha256, toHex, utf8 } from './bytes';
import { Failure } from './failure';
import { KEY_NAME_BYTES_MAX, KEY_TEXT_BYTES_MAX } from './limits';

/** A public key, whose id was checked. */
export interface VerifierKey {
  name: string;
  /** 4 bytes: the first of SHA-256(name, newline, type and key). */
  id: Bytes;
  /** 32 bytes of Ed25519. */
  key: Bytes;
  /** The text form. */
  text: string;
}

/** The signature type byte of Ed25519. */
const ED25519 = 1;

/**
 * The encodings of points of small order: for such a key or such an R, signatures hold that nobody made. Refused here
 * and not left to the browser. (Order 1, 2, 4, 8; with the second forms that decoders may accept.)
 */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

/** A name without spaces, `+` or control characters, of 1 to 255 bytes. */
export function isKeyName(name: string): boolean {
  const length = utf8(name).length;
  return length > 0 && length <= KEY_NAME_BYTES_MAX && !/[\s+\p{Cc}]/u.test(name);
}

/** Reads the text form. Throws `Failure`. */
export async function parseKey(input: string): Promise<VerifierKey> {
  const malformed = (why: string) => new Failure('key-malformed', why);
  const text = input.trim();
  if (text.length > KEY_TEXT_BYTES_MAX) throw malformed(`more than ${KEY_TEXT_BYTES_MAX} bytes`);
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const [, name = '', idText = '', base64 = ''] = match ?? [];
  const id = fromHex(idText);
  const typed = fromBase64(base64);
  if (match === null || id === null || typed === null) {
    throw malformed('the form is NAME+8 hexadecimal digits+Base64');
  }
  if (!isKeyName(name)) throw malformed('the name is not a key name');
  if (typed.length !== 33 || typed[0] !== ED25519) throw malformed('the key is not of the type Ed25519');
  if (!equal((await sha256(utf8(`${name}\n`), typed)).slice(0, 4), id)) {
    throw malformed('the id does not belong to the name and the Base64 part: was it copied whole?');
  }
  const key = typed.slice(1);
  if (isSmallOrder(key)) throw malformed('this is a weak key, under which anybody can sign');
  return { name, id, key, text };
}

/** Whether this browser's Web Crypto has Ed25519. */
export async function hasEd25519(): Promise<boolean> {
  try {
    // The base point is a valid key.
    const base = concat(Uint8Array.of(0x58), new Uint8Array(31).fill(0x66));
    await crypto.subtle.importKey('raw', base, 'Ed25519', false, ['verify']);
    return true;
  } catch {
    return false;
  }
}

/** Whether the key made this signature over the text. `hasEd25519` is asked first. */
export async function hasSigned(key: VerifierKey, text: string, signature: Bytes): Promise<boolean> {
  if (signature.length !== 64 || isSmallOrder(signature.slice(0, 32))) return false;
  try {
    const imported = await crypto.subtle.importKey('raw', key.key, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', imported, signature, utf8(text));
  } catch {
    // A point that is none: the browser refuses the key.
    return false;
  }
}

function isSmallOrder(point: Bytes): boolean {
  const unsigned = point.slice();
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f;
  return SMALL_ORDER.includes(toHex(unsigned));
}
