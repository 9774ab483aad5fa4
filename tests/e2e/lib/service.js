// The program, served from a temporary home.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 60_000;

export const NAME = 'hanako';
export const PASSWORD = 'tulip harbor kettle';

export class Service {
  /** Starts it; `config` is the text of a configuration, `vetted` the models that its node has vetted before: by the name of
   *  each the bytes of its files. Resolves with its first line. */
  static async start(program, { config = '', listen = '127.0.0.1:0', vetted = {} } = {}) {
    const home = mkdtempSync(join(tmpdir(), 'sakimori-e2e-'));
    for (const [name, files] of Object.entries(vetted)) vet(program, home, name, files);
    writeFileSync(join(home, 'config.toml'), config);
    const child = spawn(program, ['--home', join(home, 'node'), 'serve', '--listen', listen, '--config', join(home, 'config.toml')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SAKIMORI_LANG: 'en' },
    });
    const service = new Service(home, child);
    child.stderr.on('data', (data) => (service.said += data));
    const address = await within(START_MS_MAX, 'the service says no address', new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', () => reject(new Error(`the service ended: ${service.said}`)));
      child.once('error', reject);
    }));
    service.first = address;
    service.url = new URL(address).origin;
    return service;
  }

  constructor(home, child) {
    this.home = home;
    this.child = child;
    this.said = '';
    this.toTell = [];
  }

  /** Says what the service will log as errors, as it should. */
  tells(...texts) {
    this.toTell.push(...texts);
  }

  /** Makes the first administrator without a browser; the way in for programs. */
  async administrator(lang) {
    const code = new URL(this.first).hash.slice(1);
    const answer = await this.fetch('/api/v1/session/first', { code, name: NAME, password: PASSWORD });
    if (answer.status !== 201) throw new Error(`the first administrator: ${answer.status} ${await answer.text()}`);
    const client = new Client(this, { cookie: answer.headers.get('set-cookie').split(';')[0] });
    if (lang) await client.put('/api/v1/session/language', { lang });
    return client;
  }

  withToken(secret) {
    return new Client(this, { authorization: `Bearer ${secret}` });
  }

  /** A request with JSON, or without a body. */
  fetch(path, body, { method = body === undefined ? 'GET' : 'POST', headers = {} } = {}) {
    return fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', origin: this.url, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  /** Ends it as an administrator does. What went wrong with it, or `null`. */
  async stop() {
    const { child } = this;
    const ended = child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const problem = await within(STOP_MS_MAX, 'the service does not end', ended).then(() => null, (error) => {
      child.kill('SIGKILL');
      return String(error);
    });
    rmSync(this.home, { recursive: true, force: true });
    if (problem !== null) return problem;
    if (child.exitCode !== 0) return `the service ended with ${child.exitCode ?? child.signalCode}: ${this.said}`;
    const said = this.said.split('\n').filter((line) => !this.toTell.some((text) => line.includes(text))).join('\n');
    return /\b(ERROR|panicked)\b/.test(said) ? `the service logged: ${said}` : null;
  }
}

/** Has a model vetted by the command for it, as an engineer does. */
function vet(program, home, name, files) {
  const folder = join(home, 'models', name);
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  const stdio = ['ignore', 'ignore', 'inherit'];
  execFileSync(program, ['--home', join(home, 'node'), 'vet', '--quiet', '--fail-on', 'never', folder], { stdio });
}

/** A program that uses the interface beside the browser. */
class Client {
  constructor(service, headers) {
    this.service = service;
    this.headers = headers;
  }

  get(path) {
    return this.#json(path);
  }

  post(path, body) {
    return this.#json(path, body);
  }

  put(path, body) {
    return this.#json(path, body, 'PUT');
  }

  /** The status and the body, whatever they are. */
  async ask(path, body, method) {
    const answer = await this.service.fetch(path, body, { method, headers: this.headers });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** Has bytes examined; the decision. */
  async observe(name, bytes, more = '') {
    const answer = await fetch(`${this.service.url}/api/v1/observations?name=${encodeURIComponent(name)}${more}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', 'sec-fetch-site': 'same-origin', ...this.headers },
      body: bytes,
    });
    if (answer.status !== 201) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async records(kind) {
    return (await this.get(`/api/v1/records?limit=200${kind === undefined ? '' : `&kind=${kind}`}`)).items;
  }

  async #json(path, body, method) {
    const answer = await this.ask(path, body, method);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

/** The promise, or an error after so many milliseconds. */
export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}, after ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
