// Real bundles, made by `sakimori prove`, hold; every change of any part of them fails, and for the right reason.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { fromBase64, toBase64, utf8 } from './bytes';
import { Failure } from './failure';
import { parseKey } from './key';
import { verify, type Verification } from './verify';

interface Document {
  mediaType: string;
  proof: string;
  salt: string;
  statement: string;
}

const folder = join(import.meta.dirname, 'fixtures');
const text = (name: string) => readFileSync(join(folder, name), 'utf8');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const publicKey = text('log.pub');
const otherKey = 'other.example/log+fbfbab34+AU6B/OHW3ytl4dJ2Plg4pKTcDxF53d0rEj/XwmqsUhBe';

const recordOf = (document: Document) =>
  (JSON.parse(document.statement) as { predicate: { record: string } }).predicate.record;

async function check(bundle: string, record: string, key = publicKey): Promise<Verification> {
  return verify({ bundle: utf8(bundle), record, key: await parseKey(key) });
}

const codeOf = (verification: Verification) => verification.failure?.code ?? 'holds';

/** Another text of the same length and alphabet: the character at `at` becomes another one. */
function changed(text: string, at: number): string {
  const old = text[at] ?? '';
  const next = /[0-9]/.test(old) ? String((Number(old) + 1) % 10) : old === 'a' ? 'b' : 'a';
  return text.slice(0, at) + next + text.slice(at + 1);
}

describe.each(names)('%s', (name) => {
  const original = text(name);
  const document = JSON.parse(original) as Document;
  const record = recordOf(document);
  const tampered = (change: Partial<Document>) => check(JSON.stringify({ ...document, ...change }), record);
  const inProof = (from: string | RegExp, to: string) => {
    const proof = document.proof.replace(from, to);
    expect(proof).not.toBe(document.proof);
    return tampered({ proof });
  };

  it('holds, with all its steps', async () => {
    const verification = await check(original, record);
    expect(verification.failure).toBeNull();
    expect(verification.steps.map((step) => step.name)).toEqual([
      'statement',
      'record',
      'commitment',
      'leaf',
      'path',
      'checkpoint',
      'signature',
    ]);
  });

  it('fails when any character of the statement changes', async () => {
    for (let at = 0; at < document.statement.length; at += 7) {
      const verification = await tampered({ statement: changed(document.statement, at) });
      expect(['not-included', 'other-record', 'bundle-malformed']).toContain(codeOf(verification));
    }
  });

  it('fails when any digit of the salt changes', async () => {
    for (let at = 0; at < 64; at += 1) {
      expect(codeOf(await tampered({ salt: changed(document.salt, at) }))).toBe('not-included');
    }
  });

  it('fails when the salt is in another form', async () => {
    for (const salt of [document.salt.toUpperCase(), document.salt.slice(2), `${document.salt}00`, '']) {
      expect(codeOf(await tampered({ salt }))).toBe('salt-malformed');
    }
  });

  it('fails when any character of the proof changes', async () => {
    for (let at = 0; at < document.proof.length; at += 1) {
      expect(codeOf(await tampered({ proof: changed(document.proof, at) }))).not.toBe('holds');
    }
  });

  it('fails with another index, more hashes or fewer', async () => {
    expect(codeOf(await inProof(/index \d+/, 'index 999'))).toBe('not-included');
    expect(codeOf(await inProof(/index (\d+)/, 'index 0$1'))).toBe('proof-malformed');
    expect(codeOf(await inProof(/index (\d+)/, 'index -$1'))).toBe('proof-malformed');
    expect(codeOf(await inProof(/index \d+/, 'index 72057594037927937'))).toBe('proof-malformed');
    const zero = toBase64(new Uint8Array(32));
    expect(codeOf(await inProof(/(index \d+)\n/, `$1\n${zero}\n`))).toBe('not-included');
    const many = `${zero}\n`.repeat(65);
    expect(codeOf(await inProof(/(index \d+)\n/, `$1\n${many}`))).toBe('proof-malformed');
    if (name !== 'one-entry.json') {
      expect(codeOf(await inProof(/(index \d+)\n[^\n]+\n/, '$1\n'))).toBe('not-included');
    }
  });

  it('fails with another size, root or origin', async () => {
    const [, size = ''] = /\n(\d+)\n/.exec(document.proof) ?? [];
    const larger = await inProof(`\n${size}\n`, `\n${Number(size) + 1}\n`);
    expect(['not-included', 'wrong-signature']).toContain(codeOf(larger));
    const [, root = ''] = /\n([^\n]{44})\n\n—/.exec(document.proof) ?? [];
    expect(codeOf(await inProof(`${root}\n\n—`, `${toBase64(new Uint8Array(32))}\n\n—`))).toBe('not-included');
    expect(codeOf(await inProof('\n\nsakimori', '\n\nother'))).toBe('unknown-key');
    expect(codeOf(await inProof('— sakimori', '— other'))).toBe('unknown-key');
  });

  it('fails with an added line in the signed text', async () => {
    expect(codeOf(await inProof('\n\n—', '\nmore\n\n—'))).toBe('wrong-signature');
  });

  it('fails when any bit of the signature changes', async () => {
    const [, base64 = ''] = /— \S+ (\S+)\n/.exec(document.proof) ?? [];
    const bytes = fromBase64(base64) ?? new Uint8Array();
    expect(bytes).toHaveLength(68);
    for (let at = 0; at < bytes.length; at += 1) {
      const other = bytes.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      expect(codeOf(await inProof(base64, toBase64(other)))).toBe(at < 4 ? 'unknown-key' : 'wrong-signature');
    }
  });

  it('fails with extra data, another media type, a field that is missing, unknown or there twice', async () => {
    expect(codeOf(await inProof('\nindex', '\nextra AAAA\nindex'))).toBe('proof-malformed');
    expect(codeOf(await tampered({ mediaType: 'application/json' }))).toBe('media-type');
    expect(codeOf(await check(original.replace('{', '{"more":"",'), record))).toBe('bundle-malformed');
    expect(codeOf(await check(original.replace('{', `{"salt":"${document.salt}",`), record))).toBe('bundle-malformed');
    for (const field of ['mediaType', 'proof', 'salt', 'statement']) {
      expect(codeOf(await tampered({ [field]: undefined }))).toBe('bundle-malformed');
      expect(codeOf(await tampered({ [field]: 1 } as object))).toBe('bundle-malformed');
    }
  });

  it('fails under another key, and for another record', async () => {
    expect(codeOf(await check(original, record, otherKey))).toBe('unknown-key');
    expect(codeOf(await check(original, '01a2147c-0000-7000-8000-000000000000'))).toBe('other-record');
  });

  it('ignores signatures of others, but not a second bad one by this key', async () => {
    const foreign = toBase64(new Uint8Array(72).fill(7));
    expect(codeOf(await inProof(/$/, `— witness.example ${foreign}\n`))).toBe('holds');
    const [, own = '', base64 = ''] = /— (\S+) (\S+)\n/.exec(document.proof) ?? [];
    const bytes = (fromBase64(base64) ?? new Uint8Array()).slice();
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    expect(codeOf(await inProof(/$/, `— ${own} ${toBase64(bytes)}\n`))).toBe('wrong-signature');
  });
});

describe('hostile bundles', () => {
  const record = '01a2147c-0000-7000-8000-000000000000';

  it.each([
    '',
    'null',
    '[]',
    '{',
    '{}',
    '{"',
    '{"mediaType',
    '{"mediaType":"\\',
    '{"mediaType":{"a":1}}',
    '{"mediaType":"a"}x',
    '{"mediaType":"\\ud800","proof":"","salt":"","statement":""}',
    '{"__proto__":"a"}',
    `${'['.repeat(100_000)}`,
    '\ufeff{}',
  ])('%j is malformed', async (bundle) => {
    expect(codeOf(await check(bundle, record))).toBe('bundle-malformed');
  });

  it('that are not UTF-8 or too large are refused', async () => {
    const key = await parseKey(publicKey);
    const bad = await verify({ bundle: Uint8Array.of(0x7b, 0xff, 0x7d), record, key });
    expect(codeOf(bad)).toBe('bundle-malformed');
    const large = await verify({ bundle: new Uint8Array(18 * 1024 * 1024), record, key });
    expect(codeOf(large)).toBe('bundle-too-large');
  });
});

describe('keys', () => {
  it('are read in their text form', async () => {
    expect((await parseKey(` ${publicKey} \n`)).text).toBe(publicKey.trim());
    expect((await parseKey(otherKey)).name).toBe('other.example/log');
  });

  it('that were changed anywhere are refused', async () => {
    const key = publicKey.trim();
    for (let at = 0; at < key.length; at += 1) {
      await expect(parseKey(changed(key, at))).rejects.toBeInstanceOf(Failure);
    }
  });

  it.each(['', 'a', 'a+b+c', `${'n'.repeat(2000)}+00000000+AQ==`])('%j is none', async (input) => {
    await expect(parseKey(input)).rejects.toBeInstanceOf(Failure);
  });

  it('of small order are refused', async () => {
    const typed = new Uint8Array(33);
    typed[0] = 1;
    typed[1] = 1;
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array([...utf8('weak\n'), ...typed])));
    const id = Array.from(digest.slice(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
    await expect(parseKey(`weak+${id}+${toBase64(typed)}`)).rejects.toThrow('weak key');
  });
});
