// Somebody without an account, on a phone, without scripts.
import assert from 'node:assert/strict';

import { HARMLESS, SCAM, SCAM_EN } from '../lib/things.js';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2, javaScriptEnabled: false };
/** Checks in a minute from one address, as configured without a word. */
const CHECKS_MAX = 10;

export async function citizenOnAPhone({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  const before = (await program.records()).length;
  const begun = Date.now();
  const page = await visit.person(service, PHONE);
  const answer = await page.goto('/check');
  assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
  assert.ok(!answer.headers()['content-security-policy'].includes('script-src \'self\''));
  await page.getByRole('heading', { name: 'そのメッセージ、詐欺かも？' }).waitFor();
  await visit.shot(page, 'walk-check-ja-phone');

  const verdict = await ask(page, SCAM);
  await page.getByRole('heading', { name: '詐欺の可能性が高いです' }).waitFor();
  const reasons = await verdict.locator('.reasons li').allTextContents();
  assert.ok(reasons.length >= 1 && reasons.length <= 3, `${reasons.length} reasons`);
  const said = SCAM.replaceAll(/\s+/g, ' ');
  for (const quote of await verdict.locator('.reasons q').allTextContents()) {
    assert.ok(said.includes(quote.replace(/…$/, '').replaceAll(/\s+/g, ' ')), `${quote} is in the message`);
  }
  assert.ok((await verdict.locator('.reasons q').count()) >= 1);
  await verdict.getByRole('heading', { name: '今すること' }).waitFor();
  for (const number of ['#9110', '188', 'カードの裏面の番号']) await verdict.getByText(number, { exact: true }).waitFor();
  assert.equal(await verdict.getByRole('link', { name: '188' }).getAttribute('href'), 'tel:188');
  await verdict.getByText('このメッセージは保存していません。').waitFor();
  await visit.shot(page, 'walk-check-fraud-ja-phone');
  await visit.fits(page, '/check with a verdict, on a phone');
  await neverSafe(page, SCAM);

  await ask(page, HARMLESS);
  await page.getByRole('heading', { name: '危ないしるしは見つかりませんでした' }).waitFor();
  await page.getByText('詐欺ではないという保証ではありません').waitFor();
  await neverSafe(page, HARMLESS);
  await visit.shot(page, 'walk-check-nothing-ja-phone');
  assert.equal((await program.records()).length, before, 'without agreement nothing is stored');

  await page.getByLabel(/記録してもよい/).tap();
  const recorded = await ask(page, SCAM);
  const id = await recorded.locator('.kept code').textContent();
  const records = await program.records();
  assert.equal(records.length, before + 1, 'with it one record');
  const { name, by } = await program.get(`/api/v1/decisions/${id}`);
  assert.equal(name, 'check');
  assert.notEqual(by?.name, 'hanako');
  await visit.shot(page, 'walk-check-recorded-ja-phone');

  await untilToldToWait(page, visit, 3, begun);
  await page.getByRole('heading', { name: '少しお待ちください' }).waitFor();
  assert.match(await page.locator('.result').textContent(), /\d+ 秒ほど待ってから/);
  assert.equal(squeezed(await page.getByLabel('届いたメッセージ').inputValue()), squeezed(SCAM), 'what was pasted is not lost');
  await visit.shot(page, 'walk-check-wait-ja-phone');
}

export async function citizenInEnglish({ serve, visit }) {
  const service = await serve();
  await service.administrator();
  const page = await visit.person(service, { ...PHONE, lang: 'en', theme: 'dark' });
  await page.goto('/check');
  await page.getByRole('heading', { name: 'Is this message a fraud?' }).waitFor();
  const verdict = await ask(page, SCAM_EN);
  await page.getByRole('heading', { name: 'This is likely a fraud' }).waitFor();
  await verdict.getByText('#9110', { exact: true }).waitFor();
  await neverSafe(page, SCAM_EN);
  await visit.shot(page, 'walk-check-fraud-en-phone-dark');
  await ask(page, 'See you at the usual place tomorrow at ten. I will bring the papers.');
  await page.getByRole('heading', { name: 'Nothing dangerous was found' }).waitFor();
  await neverSafe(page, '');
  await visit.shot(page, 'walk-check-nothing-en-phone-dark');
  await ask(page, 'Ваша посылка ожидает оплаты. Перейдите по ссылке сегодня.');
  await page.getByRole('heading', { name: 'It could not be judged. Take care' }).waitFor();
  await page.getByRole('link', { name: '日本語' }).tap();
  await page.getByRole('heading', { name: 'そのメッセージ、詐欺かも？' }).waitFor();
  // The choice is kept without an account.
  await page.goto('/check');
  await page.getByRole('heading', { name: 'そのメッセージ、詐欺かも？' }).waitFor();
}

/** Asks on until the page says to wait. On a slow machine the limit gives a check back every six seconds. */
async function untilToldToWait(page, visit, asked, begun) {
  visit.refusal(429);
  let checks = asked;
  while ((await send(page, SCAM)) === 200) checks += 1;
  const given_back = Math.floor((Date.now() - begun) / (60_000 / CHECKS_MAX));
  assert.ok(checks >= CHECKS_MAX && checks <= CHECKS_MAX + given_back, `${checks} checks before one had to wait`);
}

/** Pastes and asks; the status of the answer. */
async function send(page, text) {
  await page.locator('textarea').fill(text);
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.locator('button[type=submit]').tap();
  const answer = await answered;
  await answer.finished();
  return answer.status();
}

/** Pastes and asks; the verdict. */
async function ask(page, text) {
  assert.equal(await send(page, text), 200);
  const verdict = page.locator('section.result');
  await verdict.waitFor();
  return verdict;
}

/** Beside the message itself, no word of the page promises anything. */
async function neverSafe(page, message) {
  const said = (await page.locator('body').innerText()).replace(message, '');
  assert.doesNotMatch(said, /安全です|安全な|\bsafe\b/i);
}

const squeezed = (text) => text.replaceAll(/\s+/g, ' ').trim();
