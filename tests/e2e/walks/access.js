// Coming in and going out.
import assert from 'node:assert/strict';

import { NAME, PASSWORD } from '../lib/service.js';

export async function firstSignIn({ serve, visit }) {
  const service = await serve();
  assert.match(service.first, /^http:\/\/127\.0\.0\.1:\d+\/first#[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$/);
  const code = new URL(service.first).hash.slice(1);

  const page = await visit.person(service);
  await page.goto('/');
  await page.getByText('まだ管理者がいません。').waitFor();
  await page.goto(service.first);
  await page.getByRole('heading', { name: '最初の管理者を作る' }).waitFor();
  assert.equal(page.url(), `${service.url}/first`, 'the code has left the address bar');
  await visit.shot(page, 'walk-first');

  // A password that is guessed first is refused, and the page says so.
  const make = page.getByRole('button', { name: '管理者を作ってサインイン' });
  await page.getByLabel('名前').fill(NAME);
  await page.getByLabel('新しいパスワード', { exact: true }).fill('passwordpassword');
  await page.getByLabel('新しいパスワード（もう一度）').fill('passwordpasswort');
  await page.getByText('2 つのパスワードが違います').waitFor();
  assert.ok(await make.isDisabled());
  await page.getByLabel('新しいパスワード（もう一度）').fill('passwordpassword');
  visit.refusal(422);
  await make.click();
  await page.getByRole('alert').getByText('SKM-E-0152').waitFor();
  await visit.shot(page, 'walk-first-refused');

  await page.getByLabel('新しいパスワード', { exact: true }).fill(PASSWORD);
  await page.getByLabel('新しいパスワード（もう一度）').fill(PASSWORD);
  await make.click();
  await page.getByRole('heading', { name: '概要' }).waitFor();
  assert.equal(page.url(), `${service.url}/`);
  await visit.shot(page, 'walk-overview-empty');
  await page.goBack();
  assert.ok(!page.url().includes(code), 'the code is not in the history');

  // The same address is worth nothing now, for anybody.
  const other = await visit.person(service);
  await other.goto(service.first);
  await other.getByText('管理者はもういます。').waitFor();
  assert.ok(!other.url().includes(code));
  const again = await service.fetch('/api/v1/session/first', { code, name: 'jiro', password: PASSWORD });
  assert.equal(again.status, 409);
  assert.equal((await again.json()).code, 'SKM-E-0124');
}

export async function signInAgain({ serve, visit }) {
  const service = await serve();
  await service.administrator();
  const page = await visit.person(service);
  await page.goto('/decisions?effect=block');
  await page.getByRole('heading', { name: 'サインイン' }).waitFor();
  await page.getByLabel('名前').fill(NAME);
  await page.getByLabel('パスワード').fill('tulip harbor kettles');
  visit.refusal(401);
  await page.keyboard.press('Enter');
  const alert = page.getByRole('alert');
  await alert.getByText('名前かパスワードが違います').waitFor();
  await alert.getByText('コード: SKM-E-0126').waitFor();
  assert.equal(await page.getByLabel('パスワード').inputValue(), '');
  await visit.shot(page, 'walk-sign-in-wrong');
  await page.getByLabel('パスワード').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '決定' }).waitFor();
  assert.equal(page.url(), `${service.url}/decisions?effect=block`, 'they come to where they wanted to go');

  await page.getByRole('button', { name: `アカウント: ${NAME}` }).click();
  await visit.shot(page, 'walk-menu');
  await page.getByRole('menuitem', { name: 'サインアウト' }).click();
  await page.getByRole('heading', { name: 'サインイン' }).waitFor();
  await page.goto('/settings/users');
  await page.getByRole('heading', { name: 'サインイン' }).waitFor();
  assert.equal(await page.evaluate(async () => (await (await fetch('/api/v1/session')).json()).account), null);

  // By the button of the settings as well, and in another window at the same time.
  await visit.signIn(page, { to: '/settings/account' });
  const second = await page.context().newPage();
  await second.goto('/decisions');
  await second.getByRole('heading', { name: '決定' }).waitFor();
  await page.getByRole('button', { name: 'サインアウト' }).click();
  await page.getByRole('heading', { name: 'サインイン' }).waitFor();
  visit.refusal(401);
  await second.getByRole('link', { name: '概要' }).click();
  await second.getByRole('heading', { name: 'サインイン' }).waitFor();
}
