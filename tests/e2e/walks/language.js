// Both languages, and whose choice counts.
import assert from 'node:assert/strict';

import { NAME, PASSWORD } from '../lib/service.js';

const lang = (page) => page.getAttribute('html', 'lang');

export async function language({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  const page = await visit.person(service);
  await visit.signIn(page);
  await page.getByRole('heading', { name: '概要' }).waitFor();
  assert.equal(await lang(page), 'ja');
  assert.match(await page.title(), /^概要/);

  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  assert.equal(await lang(page), 'en');
  assert.match(await page.title(), /^Overview/);
  await page.getByRole('link', { name: 'Settings' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  assert.equal(await lang(page), 'en');
  await page.goto('/decisions/nothing');
  visit.refusal(404);
  await page.getByRole('alert').getByText('Not found').waitFor();

  // Somewhere else, in a browser that prefers Japanese: the account's choice wins as soon as it is known.
  const elsewhere = await visit.person(service);
  await elsewhere.goto('/sign-in');
  await elsewhere.getByRole('heading', { name: 'サインイン' }).waitFor();
  await elsewhere.getByLabel('名前').fill(NAME);
  await elsewhere.getByLabel('パスワード').fill(PASSWORD);
  await elsewhere.keyboard.press('Enter');
  await elsewhere.getByRole('heading', { name: 'Overview' }).waitFor();
  assert.equal(await lang(elsewhere), 'en');

  // And back, by the settings; the other browser follows when it loads the next time.
  await elsewhere.goto('/settings/account');
  await elsewhere.getByRole('group', { name: 'Language' }).getByLabel('日本語').check();
  await elsewhere.getByRole('heading', { name: '設定' }).waitFor();
  assert.equal(await lang(elsewhere), 'ja');
  await page.goto('/');
  await page.getByRole('heading', { name: '概要' }).waitFor();
  assert.equal((await program.get('/api/v1/session')).account.lang, 'ja');

  // Before anybody signs in, the browser's language counts.
  const reader = await visit.person(service, { lang: 'en' });
  await reader.goto('/');
  await reader.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await lang(reader), 'en');
}
