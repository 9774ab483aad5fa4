// Sign-in at a real OpenID provider, where it is installed (tests/setup.sh).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { within } from '../lib/service.js';

const FOLDER = process.env.SAKIMORI_OIDC ?? join(import.meta.dirname, '../../oidc');
const START_MS_MAX = 10_000;

export async function oidc({ serve, visit }) {
  if (!existsSync(join(FOLDER, 'node_modules/oidc-provider'))) {
    console.log('       SKIPPED: the provider is not installed; tests/setup.sh does it');
    return;
  }
  const port = await freePort();
  const scratch = mkdtempSync(join(tmpdir(), 'sakimori-e2e-oidc-'));
  const provider = await startProvider(`http://127.0.0.1:${port}/api/v1/session/oidc/return`);
  try {
    const secret = join(scratch, 'secret');
    writeFileSync(secret, 'a secret: of/the+client\n', { mode: 0o600 });
    const config = [
      '[oidc]', `issuer = '${provider.issuer}'`, "client_id = 'node'", `client_secret_file = '${secret}'`,
      "label = { ja = '社内アカウントでサインイン', en = 'Sign in with the office account' }",
      "scopes = ['profile', 'email', 'groups']", "roles = { claim = 'groups', map = { csirt = 'analyst' } }",
    ].join('\n');
    await walk({ serve, visit, provider, port, config });
  } finally {
    provider.child.kill();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function walk({ serve, visit, provider, port, config }) {
  const service = await serve({ config, listen: `127.0.0.1:${port}` });
  await service.administrator();
  const page = await visit.person(service, { also: [provider.issuer] });
  // The provider's own pages ask for a font elsewhere; they are not ours.
  await page.route('https://**', (route) => route.abort());
  await signIn(page, visit, 'hanako');
  await page.getByRole('heading', { name: '概要' }).waitFor();
  assert.equal(page.url(), `${service.url}/`);
  await page.goto('/drop');
  await page.getByText('ファイルを選ぶ', { exact: true }).waitFor();
  await page.goto('/settings/account');
  await page.getByText('このアカウントは OpenID Connect でサインインします。').waitFor();
  await visit.shot(page, 'walk-account-oidc');

  // Whom the provider knows and nobody else does not come in, and is told so.
  const other = await visit.person(service, { also: [provider.issuer] });
  await other.route('https://**', (route) => route.abort());
  await signIn(other, visit, 'taro');
  await other.getByRole('alert').getByText('このサーバーを使うアカウントがありません').waitFor();
  await other.getByRole('alert').getByText('SKM-E-0175').waitFor();
  assert.equal(new URL(other.url()).pathname, '/sign-in');
  await visit.shot(other, 'walk-sign-in-oidc-refused');
}

async function signIn(page, visit, login) {
  await page.goto('/sign-in');
  await page.getByRole('link', { name: '社内アカウントでサインイン' }).waitFor();
  await visit.shot(page, 'walk-sign-in-oidc');
  await page.getByRole('link', { name: '社内アカウントでサインイン' }).click();
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('x');
  await page.locator('button[type=submit]').click();
  await page.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' });
  await page.locator('button[type=submit]').click();
}

async function startProvider(redirect) {
  const child = spawn(process.execPath, ['provider.mjs', redirect], { cwd: FOLDER, stdio: ['pipe', 'pipe', 'ignore'] });
  const port = await within(START_MS_MAX, 'the provider says no port', new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('port ') && resolve(line.slice(5)));
    child.once('exit', () => reject(new Error('the provider ended')));
  }));
  return { child, issuer: `http://127.0.0.1:${port}` };
}

/** A port that was free a moment ago: the provider must know the address before the service has it. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
