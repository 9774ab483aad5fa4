// A stand-in for `sakimori serve` while the console is developed: made-up data, loopback only, no access control
// worth the name. Never part of a build. `node mock/server.js [--port 8711] [--still] [--signed-out] [--first]`
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { decision, excerpt, Log, rowOf, statementOf, uuid } from './data.js';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '8711' },
    still: { type: 'boolean', default: false },
    'signed-out': { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
  },
});

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const HEADERS = {
  'Content-Security-Policy': CSP,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const HOUR_MS = 3_600_000;
const ROWS = 3000;

const now = () => new Date().toISOString().replace('Z', '000Z');
const log = new Log();
const decisions = [];
const jobs = new Map();
const uploads = new Map();
const streams = new Set();
let account = { id: uuid(Date.now()), name: 'admin', role: 'administrator', active: true, lang: null, oidc: false, made: now() };
const users = [account, { ...account, id: uuid(Date.now()), name: 'analyst', role: 'analyst' }, { ...account, id: uuid(Date.now()), name: 'old', role: 'reader', active: false, oidc: true }];
let tokens = [{ id: uuid(Date.now()), account: account.id, name: 'mail-gateway', scopes: ['read', 'observe'], made: now(), until: new Date(Date.now() + 30 * 24 * HOUR_MS).toISOString(), revoked: null, used: now() }];
let signedIn = !options['signed-out'] && !options.first;
let firstSignIn = options.first;
let policy = 'id = "sakimori-default-1"\n\n[[rule]]\nid = "harm-follows"\neffect = "block"\nseverity = "critical"\n';

for (let at = ROWS; at > 0; at -= 1) add(decision(Date.now() - at * 14 * 60_000, at * 7 + (at % 5)));
if (!options.still) setInterval(() => tell('decision', rowOf(add(decision(Date.now(), Math.floor(Math.random() * 8))))), 4000);

function add(full) {
  full.receipt = log.add(full.id, statementOf(full));
  decisions.unshift(full);
  return full;
}

function tell(event, data) {
  const id = event === 'job' ? '' : `id: ${decisions.length}\n`;
  for (const stream of streams) stream.write(`event: ${event}\n${id}data: ${JSON.stringify(data)}\n\n`);
}

const problem = (status, code, title, hint, detail = null) => ({ status, body: { type: `urn:sakimori:error:${code}`, code, status, title, detail, hint } });
const missing = () => problem(404, 'SKM-E-0104', '見つかりません', 'アドレスを確認してください。');
const page = (all, url, size = 50) => {
  const limit = Number(url.searchParams.get('limit') ?? size);
  const start = Number(url.searchParams.get('after') ?? 0);
  return { items: all.slice(start, start + limit), next: start + limit < all.length ? String(start + limit) : null };
};

function overview(days) {
  const until = Date.now();
  const since = until - days * 24 * HOUR_MS;
  const within = decisions.filter(({ observed }) => Date.parse(observed) >= since);
  const none = () => ({ allow: 0, review: 0, block: 0 });
  const totals = none();
  const hours = new Map();
  const kinds = new Map();
  const codes = new Map();
  for (const { observed, kind, effect, findings } of within) {
    const hour = new Date(Math.floor(Date.parse(observed) / HOUR_MS) * HOUR_MS).toISOString();
    for (const counts of [totals, upsert(hours, hour, none), upsert(kinds, kind, none)]) counts[effect] += 1;
    for (const { code, title, severity } of findings) upsert(codes, code, () => ({ title, severity, count: 0 })).count += 1;
  }
  const waiting = decisions.filter((row) => row.waiting);
  return {
    since: new Date(since).toISOString(), until: new Date(until).toISOString(), totals, waiting: waiting.length, oldest_waiting: waiting.at(-1)?.observed ?? null,
    hours: [...hours].map(([hour, counts]) => ({ hour, ...counts })), kinds: [...kinds].map(([kind, counts]) => ({ kind, ...counts })),
    codes: [...codes].map(([code, rest]) => ({ code, ...rest })).sort((a, b) => b.count - a.count),
  };
}

function upsert(map, key, make) {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
}

function startJob(kind, name, total, result) {
  const job = { id: uuid(Date.now()), kind, state: 'queued', name, done: 0, total, unit: kind === 'examine' ? 'bytes' : 'decisions', made: now(), changed: now(), record: null, result: null, problem: null };
  jobs.set(job.id, job);
  const timer = setInterval(() => {
    if (job.state === 'cancelled') return clearInterval(timer);
    job.state = 'running';
    job.done = Math.min(job.total, job.done + Math.ceil(job.total / 6));
    if (job.done >= job.total) {
      clearInterval(timer);
      job.state = 'done';
      Object.assign(job, result());
    }
    tell('job', job);
  }, 350);
  return job;
}

const named = (name, size) => {
  const full = decision(Date.now(), name.endsWith('.pkl') ? 6 : 3);
  return add({ ...full, name, size });
};

/** Routes: method and path pattern → what is answered. */
const routes = {
  'GET /api/v1/session': () => ({ body: { account: signedIn ? account : null, first_sign_in: firstSignIn, oidc: { label: { ja: '社内アカウントでサインイン', en: 'Sign in with the company account' } } } }),
  'POST /api/v1/session': ({ json }) => (json.password === 'wrong' ? problem(401, 'SKM-E-0110', '名前かパスワードが違います', '大文字と小文字を確認してください。') : ((signedIn = true), { body: { account } })),
  'POST /api/v1/session/first': ({ json }) => ((signedIn = true), (firstSignIn = false), (account = { ...account, name: json.name }), { status: 201, body: { account } }),
  'DELETE /api/v1/session': () => ((signedIn = false), { status: 204 }),
  'PUT /api/v1/session/password': ({ json }) => (json.current === 'wrong' ? problem(401, 'SKM-E-0110', '今のパスワードが違います', null) : { status: 204 }),
  'PUT /api/v1/session/language': ({ json }) => ((account = { ...account, lang: json.lang }), { status: 204 }),
  'GET /api/v1/users': ({ url }) => ({ body: page(users, url) }),
  'POST /api/v1/users': ({ json }) => { const user = { ...account, id: uuid(Date.now()), name: json.name, role: json.role, oidc: 'oidc_subject' in json }; users.push(user); return { status: 201, body: user }; },
  'PATCH /api/v1/users/:id': ({ id, json }) => { const user = users.find((one) => one.id === id); return user.id === account.id && json.role ? problem(409, 'SKM-E-0120', '最後の管理者は変えられません', '先にほかの管理者を加えてください。') : { body: Object.assign(user, json) }; },
  'GET /api/v1/tokens': () => ({ body: { items: tokens } }),
  'POST /api/v1/tokens': ({ json }) => { const token = { id: uuid(Date.now()), account: account.id, name: json.name, scopes: json.scopes, made: now(), until: new Date(Date.now() + json.days * 24 * HOUR_MS).toISOString(), revoked: null, used: null }; tokens = [token, ...tokens]; return { status: 201, body: { token, secret: 'skm_mock_0123456789abcdef0123456789abcdef' } }; },
  'DELETE /api/v1/tokens/:id': ({ id }) => { tokens = tokens.map((token) => (token.id === id ? { ...token, revoked: now() } : token)); return { status: 204 }; },
  'POST /api/v1/observations': ({ url, raw }) => ({ status: 201, body: named(url.searchParams.get('name') ?? '-', raw.length) }),
  'GET /api/v1/jobs/:id': ({ id }) => (jobs.has(id) ? { body: jobs.get(id) } : missing()),
  'POST /api/v1/jobs/:id/cancel': ({ id }) => { const job = jobs.get(id); job.state = 'cancelled'; return { status: 202, body: job }; },
  'GET /api/v1/admissions': () => ({ body: { items: [], next: null } }),
  'GET /api/v1/decisions': ({ url }) => {
    const want = (name) => url.searchParams.get(name);
    const fits = (row) => (!want('effect') || row.effect === want('effect')) && (!want('kind') || row.kind === want('kind')) && (want('waiting') !== 'true' || row.waiting) && (!want('name') || row.name.includes(want('name'))) && (!want('since') || row.observed >= want('since')) && (!want('until') || row.observed < want('until'));
    return { body: page(decisions.filter(fits).map(rowOf), url) };
  },
  'GET /api/v1/decisions/:id': ({ id }) => { const full = decisions.find((one) => one.id === id); return full ? { body: full } : missing(); },
  'GET /api/v1/decisions/:id/content': ({ id, url }) => ({ body: excerpt(decisions.find((one) => one.id === id).findings[Number(url.searchParams.get('finding'))]) }),
  'POST /api/v1/decisions/:id/judgements': ({ id, json }) => {
    const full = decisions.find((one) => one.id === id);
    const record = uuid(Date.now());
    const judgement = { record, of: id, effect: json.effect, note: json.note, by: { account: account.id, name: account.name }, judged: now() };
    log.add(record, JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', predicate: { record, of: id, effect: json.effect, judged: judgement.judged }, predicateType: 'urn:sakimori:predicate:judgement:v1', subject: [] }));
    Object.assign(full, { judgement, waiting: false, judgements: [...full.judgements, judgement] });
    tell('judgement', judgement);
    return { status: 201, body: judgement };
  },
  'GET /api/v1/records/:id/proof': ({ id }) => { const bundle = log.bundle(id); return bundle ? { body: bundle } : missing(); },
  'GET /api/v1/log': () => ({ body: log.head() }),
  'GET /api/v1/policies': () => ({ body: { items: [{ record: decisions[0].id, id: 'sakimori-default-1', sha256: 'ab'.repeat(32), activated: now(), by: { account: account.id, name: 'admin' }, active: true }], next: null } }),
  'GET /api/v1/policies/active': () => ({ body: { id: 'sakimori-default-1', sha256: 'ab'.repeat(32), text: policy } }),
  'POST /api/v1/policies': ({ json }) => ((policy = json.text), { status: 201, body: {} }),
  'POST /api/v1/policies/test': ({ json }) => json.text.includes('[[') ? { status: 202, body: startJob('policy-test', 'policy', ROWS, () => ({ result: { decisions: ROWS, changed: 12, changes: [{ from: 'review', to: 'block', count: 9 }, { from: 'allow', to: 'review', count: 3 }], examples: decisions.slice(0, 3).map(({ id, name, effect }) => ({ id, name, from: effect, to: 'block' })) } })) } : problem(422, 'SKM-E-0130', 'ポリシーを読めません', '行と列を確認してください。', 'line 1, column 1: expected a table'),
  'GET /api/v1/rules': ({ url }) => ({ body: page(Array.from({ length: 900 }, (_, at) => ({ id: `rule-${at}`, title: `Suspicious thing number ${at}`, level: ['low', 'medium', 'high'][at % 3], status: 'stable', techniques: ['T1059.001'], sha256: String(at).padStart(64, '0') })), url) }),
  'GET /api/v1/settings': () => ({ body: { version: '0.0.0-mock', log: log.origin, rules: 900, rules_sha256: 'cd'.repeat(32), config: { listen: '127.0.0.1:8710', tls: null, limits: { observation_bytes: 8388608, uploads: 4 }, oidc: { issuer: 'https://login.example' } } } }),
  'GET /api/v1/logs': () => ({ body: { items: [], next: null } }),
  'GET /api/v1/sources': () => ({ body: { items: [], next: null } }),
  'GET /api/v1/overview': ({ url }) => ({ body: overview(Number(url.searchParams.get('days') ?? 7)) }),
};

createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname;
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  if (path === '/api/v1/events') return events(request, response);
  if (path.startsWith('/api/v1/uploads')) return upload(request, response, path, raw);
  if (path.startsWith('/api/')) return answer(request.method, url, raw, response);
  return file(path, response);
}).listen(Number(options.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${options.port}`));

function answer(method, url, raw, response) {
  for (const [route, handle] of Object.entries(routes)) {
    const [verb, pattern] = route.split(' ');
    const match = new RegExp(`^${pattern.replace(':id', '(?<id>[^/]+)')}$`).exec(url.pathname);
    if (verb !== method || match === null) continue;
    const open = url.pathname.startsWith('/api/v1/session') || url.pathname === '/api/v1/log';
    const json = raw.length > 0 && url.pathname !== '/api/v1/observations' ? JSON.parse(raw.toString()) : {};
    const result = signedIn || open ? handle({ id: match.groups?.id, url, raw, json }) : problem(401, 'SKM-E-0101', 'サインインしてください', null);
    return send(response, result.status ?? 200, result.body);
  }
  const { status, body } = missing();
  return send(response, status, body);
}

function send(response, status, body, headers = {}) {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { ...HEADERS, ...headers, ...(body === undefined ? {} : { 'Content-Type': type }) });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function events(request, response) {
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write(`event: hello\ndata: ${JSON.stringify({ index: decisions.length })}\n\n`);
  streams.add(response);
  request.on('close', () => streams.delete(response));
  response.on('close', () => streams.delete(response));
}

function upload(request, response, path, raw) {
  const tus = { 'Tus-Resumable': '1.0.0' };
  const id = path.split('/')[4];
  if (request.method === 'POST') {
    const made = uuid(Date.now());
    const [, name = ''] = /name ([^,]*)/.exec(String(request.headers['upload-metadata'])) ?? [];
    uploads.set(made, { id: made, name: Buffer.from(name, 'base64').toString(), size: Number(request.headers['upload-length']), offset: 0, job: null });
    return send(response, 201, undefined, { ...tus, Location: `/api/v1/uploads/${made}` });
  }
  const found = uploads.get(id);
  if (found === undefined) return send(response, 404, missing().body, tus);
  if (request.method === 'HEAD') return send(response, 200, undefined, { ...tus, 'Upload-Offset': found.offset, 'Upload-Length': found.size, 'Cache-Control': 'no-store' });
  if (request.method === 'GET') return send(response, 200, found, tus);
  if (request.method === 'DELETE') return uploads.delete(id), send(response, 204, undefined, tus);
  found.offset += raw.length;
  if (found.offset < found.size) return send(response, 204, undefined, { ...tus, 'Upload-Offset': found.offset });
  found.job = startJob('examine', found.name, found.size, () => { const full = named(found.name, found.size); tell('decision', rowOf(full)); return { record: full.id }; }).id;
  return send(response, 204, undefined, { ...tus, 'Upload-Offset': found.offset, 'Sakimori-Job': found.job });
}

function file(path, response) {
  const wanted = normalize(join(dist, path));
  const found = wanted.startsWith(dist) && extname(wanted) !== '' ? wanted : join(dist, 'index.html');
  if (!existsSync(found)) return send(response, 404, missing().body);
  response.writeHead(200, { ...HEADERS, 'Content-Type': TYPES[extname(found)] ?? 'application/octet-stream' });
  createReadStream(found).pipe(response);
}
