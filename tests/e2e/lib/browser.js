// Chromium, and what is watched in every page of it: errors, violations of the security policy, other origins.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { NAME, PASSWORD } from './service.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE_MS = 30_000;
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export class Browser {
  static async start(shots) {
    if (shots) mkdirSync(shots, { recursive: true });
    // Without a folder of its own it is given a new one, which goes with it.
    const chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: FLAGS });
    return new Browser(chrome, shots);
  }

  constructor(chrome, shots) {
    this.chrome = chrome;
    this.shots = shots;
  }

  visit(name) {
    return new Visit(this.chrome, this.shots, name);
  }

  stop() {
    return this.chrome.close();
  }
}

/** All that one walk opens. */
class Visit {
  constructor(chrome, shots, name) {
    this.chrome = chrome;
    this.shots = shots;
    this.name = name;
    this.faults = [];
    this.expected = [];
    this.contexts = [];
  }

  /** A new person with a browser of their own, at this service. `also` are other origins that they may go to; what pages
   *  there do is not judged. */
  async person(service, { lang = 'ja', theme = 'light', also = [], ...more } = {}) {
    const context = await this.chrome.newContext({
      baseURL: service.url,
      locale: lang === 'ja' ? 'ja-JP' : 'en-GB',
      timezoneId: 'Asia/Tokyo',
      viewport: { width: 1280, height: 800 },
      colorScheme: theme,
      reducedMotion: 'reduce',
      ...more,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    this.contexts.push(context);
    this.#watch(context, service.url, also);
    return context.newPage();
  }

  /** Says that the server will refuse something with this status, which the browser's console then tells. */
  refusal(status) {
    this.expected.push(status);
  }

  /** Signs in on the page itself. */
  async signIn(page, { name = NAME, password = PASSWORD, to = '/' } = {}) {
    await page.goto(to === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(to)}`);
    await page.locator('#name').fill(name);
    await page.locator('#password').fill(password);
    await page.locator('#password').press('Enter');
    await page.waitForURL((url) => url.pathname === new URL(to, url).pathname);
    await page.locator('main h1').waitFor();
  }

  async shot(page, name, options = {}) {
    if (!this.shots) return;
    await page.screenshot({ path: join(this.shots, `${name}.png`), fullPage: true, ...options });
  }

  async shotOfFailure() {
    if (!this.shots) return;
    for (const [at, page] of this.contexts.flatMap((context) => context.pages()).entries()) {
      await page.screenshot({ path: join(this.shots, `FAILED-${this.name.replaceAll(/\W+/g, '-')}-${at}.png`) }).catch(() => {});
    }
  }

  /** Judges a page by axe: each violation is a fault, however small. */
  async accessible(page, name) {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    for (const { id, impact, nodes } of violations) {
      const where = nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`);
      this.faults.push(`${name}: axe, ${impact}: ${id}\n${where.join('\n')}`);
    }
  }

  /** Judges that a page fits into the width of the window. */
  async fits(page, name) {
    const { too_wide_px, widest } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const right = (element) => element.getBoundingClientRect().right;
      const all = [...document.body.querySelectorAll('*')].sort((a, b) => right(b) - right(a));
      return { too_wide_px: scrollWidth - clientWidth, widest: all[0]?.outerHTML.slice(0, 160) };
    });
    if (too_wide_px > 0) this.faults.push(`${name}: scrolls sideways by ${too_wide_px} px: ${widest}`);
  }

  /** Closes everything; the faults that were seen. */
  async end() {
    for (const context of this.contexts) await context.close();
    for (const status of this.expected) this.faults.push(`no request was refused with ${status}`);
    return this.faults;
  }

  #watch(context, own, also) {
    const at = (url, origin) => url === origin || url.startsWith(`${origin}/`);
    const elsewhere = (url) => also.some((origin) => at(url, origin));
    context.on('request', (request) => {
      const url = request.url();
      if (at(url, own) || elsewhere(url) || /^(data|blob|about):/.test(url)) return;
      if (request.isNavigationRequest() || !elsewhere(request.frame().url())) this.faults.push(`asks another origin: ${url}`);
    });
    context.on('response', (response) => {
      if (response.status() >= 500) this.faults.push(`${response.status()}: ${response.request().method()} ${response.url()}`);
    });
    context.on('weberror', (error) => this.faults.push(`error in a page: ${error.error().stack}`));
    context.on('console', (message) => {
      // Violations of the security policy are told here as well.
      if (message.type() !== 'error' || elsewhere(message.page()?.url() ?? '')) return;
      const refused = /the server responded with a status of (\d+)/.exec(message.text());
      const place = refused === null ? -1 : this.expected.indexOf(Number(refused[1]));
      if (place >= 0) this.expected.splice(place, 1);
      else this.faults.push(`console of ${message.page()?.url()}: ${message.text()} (${message.location().url})`);
    });
  }
}
