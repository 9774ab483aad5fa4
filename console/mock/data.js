// Made-up data for looking at the console. Nothing here is real, and nothing of it is used by the product.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

let counter = 0;
/** A version 7 UUID for a time. */
export function uuid(time_ms) {
  counter += 1;
  const time = time_ms.toString(16).padStart(12, '0');
  const rest = sha256(String(counter)).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}

const micros = (time_ms) => new Date(time_ms).toISOString().replace('Z', '000Z');

const FINDINGS = {
  pickle: {
    code: 'SKM-PKL-0001', severity: 'critical', confidence: 'high', points: 100,
    title: { ja: '読み込むと os.system(\'echo hi\') を実行します', en: "Loading it runs os.system('echo hi')" },
    why: { ja: 'このファイルを読み込むだけで、書いた人の選んだ命令が動きます。', en: 'Just loading this file runs a command that its author chose.' },
    todo: { ja: '読み込まないでください。出所に確認し、safetensors 形式のものを求めてください。', en: 'Do not load it. Ask its source for a safetensors file.' },
    techniques: [{ framework: 'ATLAS', id: 'AML.T0011.000', release: '5.6' }, { framework: 'ATT&CK', id: 'T1204.002', release: '18.1' }],
    place: { at: 'byte', member: 'archive/data.pkl', offset: 24 }, place_text: 'archive/data.pkl の 24 バイト目',
  },
  link: {
    code: 'SKM-MAIL-0031', severity: 'medium', confidence: 'medium', points: 30,
    title: { ja: 'リンクの表示と行き先が違います（bank.example → bank-login.example.net）', en: 'A link shows bank.example but leads to bank-login.example.net' },
    why: { ja: '見た目と違う場所へ連れて行くのは、なりすましの典型です。', en: 'Leading somewhere else than shown is typical of impersonation.' },
    todo: { ja: 'リンクを開かず、公式のアプリや番号から確かめてください。', en: 'Do not follow it; ask by the official app or number.' },
    techniques: [{ framework: 'ATT&CK', id: 'T1566.002', release: '18.1' }],
    place: { at: 'text', member: 'part:1.2', line: 3, column: 12 }, place_text: '本文 1.2 の 3 行 12 文字目',
  },
  sender: {
    code: 'SKM-MAIL-0014', severity: 'low', confidence: 'high', points: 18,
    title: { ja: '送信者の認証に失敗しています', en: 'The sender failed authentication' },
    why: { ja: '名乗っている組織から送られていないかもしれません。', en: 'It may not come from the organisation that it names.' },
    todo: { ja: '送信者に別の方法で確かめてください。', en: 'Ask the sender in another way.' },
    techniques: [], place: { at: 'text', member: 'header:From', line: 1, column: 1 }, place_text: 'From ヘッダー',
  },
  known: {
    code: 'SKM-MAIL-0090', severity: 'informational', confidence: 'high', points: -8,
    title: { ja: '前にやり取りのある相手です', en: 'There was mail with this sender before' },
    why: { ja: '以前のやり取りは、疑いを少し下げます。', en: 'Earlier mail lowers the suspicion a little.' },
    todo: { ja: '特にありません。', en: 'Nothing.' },
    techniques: [], place: { at: 'whole', member: null }, place_text: '全体',
  },
  shell: {
    code: 'SKM-SIG-0001', severity: 'high', confidence: 'medium', points: 45,
    title: { ja: '規則「Encoded PowerShell」に一致しました', en: 'The rule "Encoded PowerShell" matched' },
    why: { ja: '命令を隠して動かすのは、攻撃でよく見られます。', en: 'Hidden commands are common in attacks.' },
    todo: { ja: 'この端末の前後の記録を調べてください。', en: 'Look at what this machine did before and after.' },
    techniques: [{ framework: 'ATT&CK', id: 'T1059.001', release: '18.1' }],
    place: { at: 'event', record: 7, field: 'CommandLine' }, place_text: 'イベント 7 の CommandLine',
  },
};

const SAMPLES = [
  { name: 'models/sentiment/pytorch_model.bin', kind: 'pytorch-zip', effect: 'block', findings: ['pickle'] },
  { name: 'inbox/【重要】お支払い方法の確認.eml', kind: 'mail', effect: 'review', findings: ['link', 'sender', 'known'] },
  { name: 'logs/Security.evtx', kind: 'evtx', effect: 'review', findings: ['shell'] },
  { name: 'models/tiny.safetensors', kind: 'safetensors', effect: 'allow', findings: [] },
  { name: 'inbox/会議の件.eml', kind: 'mail', effect: 'allow', findings: ['known'] },
  { name: `deep/${'とても長い名前の'.repeat(8)}ファイル.gguf`, kind: 'gguf', effect: 'allow', findings: [] },
  { name: 'models/joblib/classifier.joblib', kind: 'pickle', effect: 'block', findings: ['pickle'] },
  { name: 'config.json', kind: 'json', effect: 'allow', findings: [] },
];

/** A decision with everything, of a time. */
export function decision(time_ms, pick = counter) {
  const sample = SAMPLES[pick % SAMPLES.length];
  const id = uuid(time_ms);
  const findings = sample.findings.map((name) => ({
    ...FINDINGS[name], rule: name === 'shell' ? { id: '6e2a1a7c-0000-4000-8000-000000000001', title: 'Encoded PowerShell', sha256: sha256('rule').toString('hex') } : null,
    because: [{ feature: `${FINDINGS[name].code.slice(4, 8).toLowerCase()}.feature`, points: FINDINGS[name].points }], params: {},
  }));
  const score = findings.reduce((sum, { points }) => sum + points, 0);
  const [top] = [...findings].sort((a, b) => b.points - a.points);
  const bytes = sha256(id);
  return {
    id, observed: micros(time_ms), name: sample.name, sha256: bytes.toString('hex'), size: bytes.readUInt16BE(0) * 977,
    kind: sample.kind, examined: sample.kind !== 'gguf', effect: sample.effect, score, waiting: sample.effect === 'review', judgement: null,
    top: top === undefined ? null : { code: top.code, severity: top.severity, title: top.title },
    by: { account: 'a', name: 'admin' }, examiners: [{ id: sample.kind === 'mail' ? 'mail' : 'artefact', version: 3 }], rules: sha256('rules').toString('hex'), findings,
    decision: {
      effect: sample.effect, score, errors: [], policy: { id: 'sakimori-default-1', sha256: sha256('policy').toString('hex') },
      reasons: sample.effect === 'allow' ? [] : [{ rule: sample.effect === 'block' ? 'harm-follows' : 'a-person-should-look', effect: sample.effect, codes: findings.map(({ code }) => code) }],
    },
    receipt: null, judgements: [], content: sample.kind !== 'evtx',
  };
}

export const rowOf = ({ id, observed, name, sha256, size, kind, examined, effect, score, waiting, judgement, top }) =>
  ({ id, observed, name, sha256, size, kind, examined, effect, score, waiting, judgement, top });

/** The content around a finding. */
export function excerpt(found) {
  const { place } = found;
  if (place.at === 'byte') {
    return { form: 'hex', member: place.member, start: 0, cut: true, rows: [
      { at: 0, text: '80 02 63 6f 73 0a 73 79 73 74 65 6d 0a 71 00 58', mark: null },
      { at: 16, text: '07 00 00 00 65 63 68 6f 20 68 69 71 01 85 71 02', mark: [24, 26] },
      { at: 32, text: '52 71 03 2e', mark: null }] };
  }
  if (place.at === 'event') {
    return { form: 'fields', member: null, start: 7, cut: false, rows: [
      { at: 7, text: 'Image: C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe', mark: null },
      { at: 7, text: 'CommandLine: powershell -enc ZQBjAGgAbwA=', mark: [13, 41] }] };
  }
  return { form: 'lines', member: place.member ?? null, start: 1, cut: false, rows: [
    { at: 1, text: 'お客様', mark: null }, { at: 2, text: '', mark: null },
    { at: 3, text: 'お支払い方法を確認: https://bank-login.example.net/login', mark: [11, 47] }] };
}

/** A small transparency log with real signatures, by the formats of docs/log.md. */
export class Log {
  #key = generateKeyPairSync('ed25519');
  #leaves = [];
  #entries = new Map();
  origin = 'console-mock.invalid/log';

  constructor() {
    const raw = this.#key.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const typed = Buffer.concat([Buffer.of(1), raw]);
    this.id = sha256(`${this.origin}\n`, typed).subarray(0, 4);
    this.key = `${this.origin}+${this.id.toString('hex')}+${typed.toString('base64')}`;
  }

  add(record, statement) {
    const salt = randomBytes(32);
    const commitment = sha256('sakimori-commitment-v1\0', salt, statement).toString('hex');
    const index = this.#leaves.push(sha256(Buffer.of(0), `sakimori/v1 ${commitment}`)) - 1;
    this.#entries.set(record, { salt, statement, index });
    return { record, log: this.origin, index, commitment };
  }

  head() {
    const root = hashOf(this.#leaves).toString('base64');
    const text = `${this.origin}\n${this.#leaves.length}\n${root}\n`;
    const signature = Buffer.concat([this.id, sign(null, Buffer.from(text), this.#key.privateKey)]).toString('base64');
    return { origin: this.origin, key: this.key, size: this.#leaves.length, root, checkpoint: `${text}\n— ${this.origin} ${signature}\n` };
  }

  statement(record) {
    return this.#entries.get(record)?.statement;
  }

  bundle(record) {
    const entry = this.#entries.get(record);
    if (entry === undefined) return null;
    const path = pathOf(entry.index, this.#leaves).map((hash) => `${hash.toString('base64')}\n`).join('');
    const proof = `c2sp.org/tlog-proof@v1\nindex ${entry.index}\n${path}\n${this.head().checkpoint}`;
    return { mediaType: 'application/vnd.sakimori.evidence.v1+json', proof, salt: entry.salt.toString('hex'), statement: entry.statement };
  }
}

const half = (count) => 2 ** (Math.ceil(Math.log2(count)) - 1);

function hashOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  const at = half(leaves.length);
  return sha256(Buffer.of(1), hashOf(leaves.slice(0, at)), hashOf(leaves.slice(at)));
}

function pathOf(index, leaves) {
  if (leaves.length === 1) return [];
  const at = half(leaves.length);
  return index < at
    ? [...pathOf(index, leaves.slice(0, at)), hashOf(leaves.slice(at))]
    : [...pathOf(index - at, leaves.slice(at)), hashOf(leaves.slice(0, at))];
}

export function statementOf(full) {
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    predicate: { decision: full.decision, examined: full.examined, findings: full.findings, kind: full.kind, observed: full.observed, record: full.id, size: full.size },
    predicateType: 'urn:sakimori:predicate:decision:v1',
    subject: [{ digest: { sha256: full.sha256 }, name: full.name }],
  });
}
