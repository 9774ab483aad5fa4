// Evidence bundles (docs/log.md): one flat JSON object of four texts, read strictly.
import { type Bytes, fromHex, utf8 } from './bytes';
import { Failure } from './failure';
import { BUNDLE_BYTES_MAX, STATEMENT_BYTES_MAX } from './limits';
import { parseProof, type Proof } from './tlog';

export const MEDIA_TYPE = 'application/vnd.sakimori.evidence.v1+json';

const FIELDS = ['mediaType', 'proof', 'salt', 'statement'] as const;

/** Well-formed, but not yet believed. */
export interface Bundle {
  /** The exact text that was committed to. */
  statement: string;
  salt: Bytes;
  proof: Proof;
}

/** Reads a bundle: no other fields, none twice, all sizes limited. Throws `Failure`. */
export function parseBundle(bytes: Uint8Array): Bundle {
  if (bytes.length > BUNDLE_BYTES_MAX) throw new Failure('bundle-too-large', `more than ${BUNDLE_BYTES_MAX} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure('bundle-malformed', 'it is not UTF-8');
  }
  const document = parseFlatObject(text, FIELDS);
  if (document.mediaType !== MEDIA_TYPE) throw new Failure('media-type', `the media type is not ${MEDIA_TYPE}`);
  if (utf8(document.statement).length > STATEMENT_BYTES_MAX) {
    throw new Failure('statement-too-large', `more than ${STATEMENT_BYTES_MAX} bytes`);
  }
  const salt = document.salt.length === 64 ? fromHex(document.salt) : null;
  if (salt === null) throw new Failure('salt-malformed', 'the salt is not 64 lower-case hexadecimal digits');
  return { statement: document.statement, salt, proof: parseProof(document.proof) };
}

/**
 * Reads a JSON object that has exactly these fields, all of them texts. `JSON.parse` alone would take the last of two
 * fields of one name, where another reader takes the first.
 */
export function parseFlatObject<Name extends string>(text: string, names: readonly Name[]): Record<Name, string> {
  const malformed = (why: string) => new Failure('bundle-malformed', why);
  const found = new Map<string, string>();
  const scanner = new Scanner(text);
  scanner.expect('{');
  do {
    const name = scanner.string();
    if (!names.some((known) => known === name)) throw malformed('it has a field that is unknown');
    if (found.has(name)) throw malformed(`it has the field ${name} twice`);
    scanner.expect(':');
    found.set(name, scanner.string());
  } while (scanner.accepts(','));
  scanner.expect('}');
  scanner.end();
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined) throw malformed(`it lacks the field ${missing}`);
  return Object.fromEntries(found) as Record<Name, string>;
}

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  expect(mark: string): void {
    if (!this.accepts(mark)) throw this.malformed(`'${mark}' is missing`);
  }

  accepts(mark: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== mark) return false;
    this.at += 1;
    return true;
  }

  string(): string {
    this.expect('"');
    const start = this.at - 1;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined) throw this.malformed('a text does not end');
      this.at += char === '\\' ? 2 : 1;
      if (char === '"') break;
    }
    let value: unknown;
    try {
      value = JSON.parse(this.text.slice(start, this.at));
    } catch {
      throw this.malformed('a text is not JSON');
    }
    // A lone surrogate has no UTF-8 form, so nothing can have committed to it.
    if (typeof value !== 'string' || !value.isWellFormed()) throw this.malformed('a text is not Unicode');
    return value;
  }

  end(): void {
    this.skipSpace();
    if (this.at !== this.text.length) throw this.malformed('something stands behind it');
  }

  private skipSpace(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  private malformed(why: string): Failure {
    return new Failure('bundle-malformed', `${why} (character ${this.at})`);
  }
}
