// Looks at every page of the built console: screenshots into shots/, faults of accessibility (axe), violations of the
// content security policy, errors, and sideways scrolling. Needs a running server; fails on any fault.
// `node mock/look.js [--url http://127.0.0.1:8711] [--only decisions]`
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { chromium } from 'playwright-core';

const { values: options } = parseArgs({
  options: { url: { type: 'string', default: 'http://127.0.0.1:8711' }, only: { type: 'string', default: '' } },
});
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS = [
  { name: 'ja-light', lang: 'ja', scheme: 'light', width: 1280, height: 900 },
  { name: 'en-dark', lang: 'en', scheme: 'dark', width: 1280, height: 900 },
  { name: 'ja-320', lang: 'ja', scheme: 'light', width: 320, height: 640 },
  { name: 'en-320', lang: 'en', scheme: 'dark', width: 320, height: 640 },
];

const list = await (await fetch(`${options.url}/api/v1/decisions?limit=200`)).json();
const idOf = (effect, kind) => list.items.find((row) => row.effect === effect && row.kind === kind)?.id;
const PAGES = {
  overview: '/', 'overview-1': '/?days=1', decisions: '/decisions', waiting: '/decisions?waiting=true',
  'decision-block': `/decisions/${idOf('block', 'pytorch-zip')}`, 'decision-review': `/decisions/${idOf('review', 'mail')}`,
  'decision-allow': `/decisions/${idOf('allow', 'safetensors')}`, 'decision-gone': '/decisions/none',
  proof: `/decisions/${idOf('block', 'pytorch-zip')}/proof`, drop: '/drop', account: '/settings', tokens: '/settings/tokens', users: '/settings/users',
  policy: '/settings/policy', rules: '/settings/rules', status: '/settings/status', 'not-found': '/nowhere', 'sign-in': '/sign-in', first: '/first#code',
};

mkdirSync('shots', { recursive: true });
const faults = [];
for (const view of VIEWS) {
  const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'console-')), {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    viewport: { width: view.width, height: view.height },
    colorScheme: view.scheme,
    locale: view.lang === 'ja' ? 'ja-JP' : 'en-GB',
    timezoneId: 'Asia/Tokyo',
    reducedMotion: 'reduce',
    bypassCSP: false,
  });
  for (const [name, path] of Object.entries(PAGES)) {
    if (!name.startsWith(options.only)) continue;
    const page = await context.newPage();
    const fault = (text) => faults.push(`${view.name} ${name}: ${text}`);
    page.on('console', (message) => {
      if (message.type() === 'error' && !(name.endsWith('gone') && /404/.test(message.text()))) fault(message.text());
    });
    page.on('pageerror', (error) => fault(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(options.url) && !request.url().startsWith('data:')) fault(`asks ${request.url()}`);
    });
    await page.goto(options.url + path);
    await page.waitForTimeout(900);
    await page.screenshot({ path: `shots/${name}-${view.name}.png`, fullPage: !['decisions', 'rules', 'waiting'].includes(name) });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) fault(`scrolls sideways by ${wide} px`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    for (const { id, impact, nodes } of violations) fault(`axe ${impact} ${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ')}`);
    await page.close();
  }
  await context.close();
}
for (const fault of faults) console.log(fault);
console.log(`${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;
