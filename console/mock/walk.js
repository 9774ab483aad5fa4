// Walks through the console as a person would, against the server of made-up data, by keyboard where it can be.
// Starts its own servers. `node mock/walk.js`
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'console-walk-'));
const faults = [];
const servers = [];
mkdirSync('shots', { recursive: true });

async function serve(port, ...flags) {
  const child = spawn(process.execPath, [join(here, 'server.js'), '--port', String(port), ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(child);
  await new Promise((ready, failed) => {
    child.stdout.once('data', ready);
    child.once('exit', () => failed(new Error(`no server on port ${port}`)));
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

async function open(url, locale = 'en-GB') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale, timezoneId: 'Asia/Tokyo' });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4/.test(message.text())) faults.push(message.text());
  });
  await page.goto(url);
  return page;
}

async function accessible(page, name) {
  await page.screenshot({ path: `shots/walk-${name}.png` });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, nodes } of violations) faults.push(`${name}: ${id} ${nodes[0].html.slice(0, 200)}`);
}

const focused = (page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');

const WALKS = {
  async 'first sign-in'() {
    const server = await serve(8721, '--first', '--still');
    const page = await open(`${server.url}/first#one-time-code`);
    await page.getByRole('heading', { name: 'Make the first administrator' }).waitFor();
    assert.equal(new URL(page.url()).hash, '');
    await accessible(page, 'first');
    await page.getByLabel('Name').fill('admin');
    await page.getByLabel('New password', { exact: true }).fill('a long sentence of mine');
    await page.getByLabel('New password, again').fill('another');
    assert.ok(await page.getByRole('button', { name: /Make the administrator/ }).isDisabled());
    await page.getByText('The two passwords differ').waitFor();
    await page.getByLabel('New password, again').fill('a long sentence of mine');
    await page.getByRole('button', { name: /Make the administrator/ }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.context().close();
    server.stop();
  },

  async 'sign-in, with a wrong password first'() {
    const server = await serve(8722, '--signed-out', '--still');
    const page = await open(`${server.url}/decisions?effect=block`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await accessible(page, 'sign-in');
    await page.getByLabel('Name').fill('admin');
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('SKM-E-0110').waitFor();
    await accessible(page, 'sign-in-wrong');
    await page.getByLabel('Password').fill('right');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Decisions' }).waitFor();
    assert.equal(new URL(page.url()).search, '?effect=block');
    await page.getByRole('button', { name: 'Account: admin' }).click();
    await accessible(page, 'menu');
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.context().close();
    server.stop();
  },

  async 'triage by keyboard'() {
    const server = await serve(8723, '--still');
    const page = await open(`${server.url}/decisions?waiting=true`);
    await page.getByRole('row').nth(3).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.waitForTimeout(200);
    const row = page.locator('[role=row][aria-selected=true]');
    assert.equal(await row.getAttribute('aria-rowindex'), '3');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex')), '3');
    await page.keyboard.press('k');
    await page.keyboard.press('ArrowDown');
    await page.waitForTimeout(200);
    assert.equal(await row.getAttribute('aria-rowindex'), '3');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await accessible(page, 'help');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('b');
    await page.getByRole('dialog', { name: 'Judge as block' }).waitFor();
    await accessible(page, 'judge');
    await page.getByLabel('Reason (optional)').fill('known sender of bad links, jkab?');
    await page.getByRole('button', { name: 'Record block' }).click();
    await row.getByText('Judged: block').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('known sender of bad links, jkab?').waitFor();
    await page.waitForTimeout(200);
    assert.match(await focused(page), /eml|evtx/);
    await page.keyboard.press('u');
    await page.getByRole('heading', { name: 'Decisions' }).waitFor();
    await page.waitForTimeout(400);
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex')), '3');
    await page.keyboard.press('End');
    await page.waitForTimeout(1500);
    await page.keyboard.press('End');
    await page.waitForTimeout(800);
    assert.ok(Number(await row.getAttribute('aria-rowindex')) > 150);
    assert.ok((await page.getByRole('row').count()) < 80, 'the list is virtual');
    await page.keyboard.press('u');
    await page.waitForURL(/\/decisions$/);
    await page.context().close();
    server.stop();
  },

  async 'arrivals do not move what one reads'() {
    const server = await serve(8724);
    const page = await open(`${server.url}/decisions`);
    await page.getByRole('row').nth(5).waitFor();
    const first = page.locator('[role=row][aria-rowindex="2"]');
    const before = await first.getAttribute('data-id');
    await page.waitForTimeout(5000);
    assert.notEqual(await first.getAttribute('data-id'), before, 'at the top, arrivals show at once');
    await page.keyboard.press('j');
    await page.waitForTimeout(300);
    const reading = await page.locator('[aria-selected=true]').boundingBox();
    await page.getByRole('button', { name: /new$/ }).waitFor();
    const after = await page.locator('[aria-selected=true]').boundingBox();
    assert.ok(Math.abs((reading?.y ?? 0) - (after?.y ?? 0)) < 2, `the row moved from ${reading?.y} to ${after?.y}`);
    await accessible(page, 'arrivals');
    await page.getByRole('button', { name: /new$/ }).click();
    await page.getByRole('button', { name: /new$/ }).waitFor({ state: 'detached', timeout: 2000 });
    await page.context().close();
    server.stop();
  },

  async 'drop: nothing, a model, more than 8 MiB, cancel'() {
    const server = await serve(8725, '--still');
    const page = await open(`${server.url}/drop`);
    writeFileSync(join(scratch, 'empty.bin'), '');
    writeFileSync(join(scratch, 'bad.pkl'), 'cos\nsystem\n');
    writeFileSync(join(scratch, 'large.bin'), Buffer.alloc(20 * 1024 * 1024, 7));
    const files = ['empty.bin', 'bad.pkl', 'large.bin'].map((name) => join(scratch, name));
    await page.getByLabel('Choose files').and(page.locator('input')).setInputFiles(files);
    for (const name of ['empty.bin', 'bad.pkl', 'large.bin']) {
      await page.getByRole('listitem', { name }).getByText('Done').waitFor({ timeout: 15_000 });
    }
    await accessible(page, 'drop');
    await page.getByLabel('Choose files').and(page.locator('input')).setInputFiles(files.slice(1, 2));
    await page.getByRole('button', { name: 'Cancel bad.pkl' }).click();
    await page.getByRole('listitem', { name: 'bad.pkl' }).first().getByText('Cancelled').waitFor();
    await page.getByRole('listitem', { name: 'large.bin' }).getByRole('link').click();
    await page.getByRole('heading', { name: 'large.bin' }).waitFor();
    await page.context().close();
    server.stop();
  },

  async 'proof: the key of the server, another key, no key'() {
    const server = await serve(8726, '--still');
    const page = await open(`${server.url}/decisions`);
    await page.getByRole('row').nth(1).getByRole('link').click();
    await page.getByRole('link', { name: 'Check the proof' }).first().click();
    await page.getByText('Everything holds').waitFor();
    const { key } = await (await fetch(`${server.url}/api/v1/log`)).json();
    await page.getByLabel('Public key that you got in another way').fill(key);
    await page.getByRole('button', { name: 'Check with this key' }).click();
    await page.getByText('with the key that you entered').waitFor();
    await page.getByLabel('Public key that you got in another way').fill('other.example/log+fbfbab34+AU6B/OHW3ytl4dJ2Plg4pKTcDxF53d0rEj/XwmqsUhBe');
    await page.getByRole('button', { name: 'Check with this key' }).click();
    await page.getByText('It may be the key of another log').waitFor();
    await accessible(page, 'proof-fails');
    await page.getByLabel('Public key that you got in another way').fill('nonsense');
    await page.getByRole('button', { name: 'Check with this key' }).click();
    await page.getByText('This is not a public key').waitFor();
    await page.context().close();
    server.stop();
  },

  async 'language, colours, settings'() {
    const server = await serve(8727, '--still');
    const page = await open(`${server.url}/`, 'ja-JP');
    await page.getByRole('heading', { name: '概要' }).waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await page.getByRole('button', { name: 'Colours' }).click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('tab', { name: 'Account' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.getByRole('dialog', { name: 'Make a token' }).waitFor();
    await accessible(page, 'make-token');
    await page.getByLabel('Name').fill('scanner');
    await page.getByRole('dialog').getByRole('button', { name: 'Make a token' }).click();
    await page.getByText('skm_mock_').waitFor();
    await accessible(page, 'token');
    await page.getByRole('button', { name: 'Revoke scanner' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('row', { name: /scanner/ }).getByText('revoked').waitFor();
    await page.getByRole('tab', { name: 'Users' }).click();
    await page.getByRole('button', { name: 'Add a user' }).click();
    await page.getByRole('dialog').waitFor();
    await accessible(page, 'add-user');
    await page.keyboard.press('Escape');
    await page.getByLabel('Role of admin').selectOption('reader');
    await page.getByText('SKM-E-0120').waitFor();
    assert.equal(await page.getByLabel('Role of admin').inputValue(), 'administrator');
    await page.getByRole('tab', { name: 'Policy' }).click();
    await page.getByLabel('Text of the policy (TOML)').fill('nonsense');
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByText('line 1, column 1').waitFor();
    await page.getByLabel('Text of the policy (TOML)').fill('[[rule]]');
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByText('12 of 3,000 recorded decisions would change').first().waitFor();
    await accessible(page, 'policy');
    await page.getByRole('button', { name: 'Use this policy' }).click();
    await accessible(page, 'activate');
    await page.getByRole('dialog').getByRole('button', { name: 'Use this policy' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.context().close();
    server.stop();
  },
};

const only = process.argv[2] ?? '';
for (const [name, walk] of Object.entries(WALKS)) {
  if (!name.startsWith(only)) continue;
  try {
    await walk();
    console.log(`ok: ${name}`);
  } catch (error) {
    faults.push(`${name}: ${error.stack}`);
    console.log(`FAILS: ${name}`);
    for (const context of browser.contexts()) {
      for (const page of context.pages()) await page.screenshot({ path: 'shots/failed.png' });
      await context.close();
    }
  }
}
await browser.close();
for (const server of servers) server.kill();
for (const fault of faults) console.log(fault);
console.log(`${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
