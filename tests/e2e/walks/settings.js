// Tokens, users, the policy.
import assert from 'node:assert/strict';

import { archive, BAD_MODEL, GOOD_MODEL } from '../lib/things.js';

export async function tokens({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  await program.observe('model.bin', BAD_MODEL);
  const page = await visit.person(service);
  await visit.signIn(page, { to: '/settings/tokens' });
  await page.getByText('トークンはありません。').waitFor();
  await page.getByRole('button', { name: 'トークンを作る' }).click();
  const dialog = page.getByRole('dialog', { name: 'トークンを作る' });
  await dialog.getByLabel('名前').fill('夜間の検査');
  await dialog.getByLabel('検査').check();
  await visit.shot(page, 'walk-token-dialog', { fullPage: false });
  await dialog.getByRole('button', { name: 'トークンを作る' }).click();
  await page.getByText('この値は二度と表示されません').waitFor();
  const secret = await page.locator('code', { hasText: /^skm_/ }).textContent();
  await visit.shot(page, 'walk-token-made');

  const holder = service.withToken(secret);
  assert.equal((await holder.get('/api/v1/decisions')).items.length, 1);
  await holder.observe('weights.safetensors', GOOD_MODEL);
  const beyond = await holder.ask('/api/v1/policies', { text: '' });
  assert.deepEqual([beyond.status, beyond.body.code], [403, 'SKM-E-0102'], 'what its scopes do not cover is refused');

  await page.reload();
  const row = page.getByRole('row', { name: /夜間の検査/ });
  await row.getByText('有効').waitFor();
  assert.ok(!(await page.content()).includes(secret), 'the secret is shown once');
  assert.equal(await row.getByText('まだ使われていません').count(), 0, 'its use shows');
  await page.getByRole('button', { name: '夜間の検査 を失効させる' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '失効させる' }).click();
  await row.getByText('失効', { exact: true }).waitFor();
  const after = await holder.ask('/api/v1/decisions');
  assert.equal(after.status, 401, 'it opens nothing any more');
  assert.match(after.body.code, /^SKM-E-01\d\d$/);
  await visit.shot(page, 'walk-tokens');
}

const READER = { name: 'taro', password: 'seven small lanterns' };

export async function users({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  const { id } = await program.observe('資料.7z', archive(1));
  const page = await visit.person(service);
  await visit.signIn(page, { to: '/settings/users' });
  await page.getByRole('button', { name: '利用者を加える' }).click();
  const dialog = page.getByRole('dialog', { name: '利用者を加える' });
  await dialog.getByLabel('名前').fill(READER.name);
  await dialog.getByLabel('役割').selectOption('reader');
  await dialog.getByLabel('新しいパスワード', { exact: true }).fill(READER.password);
  await dialog.getByLabel('新しいパスワード（もう一度）').fill(READER.password);
  await visit.shot(page, 'walk-user-dialog', { fullPage: false });
  await dialog.getByRole('button', { name: '利用者を加える' }).click();
  await page.getByRole('row', { name: /taro/ }).waitFor();
  await visit.shot(page, 'walk-users');

  // The last administrator can't be taken away, and the page says so.
  visit.refusal(409);
  await page.getByLabel('hanako の役割').selectOption('reader');
  await page.getByRole('alert').getByText('SKM-E-0123').waitFor();
  assert.equal(await page.getByLabel('hanako の役割').inputValue(), 'administrator');

  const reader = await visit.person(service);
  await visit.signIn(reader, { ...READER, to: '/drop' });
  await reader.getByText('ファイルを検査できるのは分析者以上です。').waitFor();
  assert.equal(await reader.getByText('ファイルを選ぶ', { exact: true }).count(), 0);
  await visit.shot(reader, 'walk-drop-reader');
  visit.refusal(403);
  const status = await reader.evaluate(async () => (await fetch('/api/v1/observations?name=x', { method: 'POST', body: 'x' })).status);
  assert.equal(status, 403, 'not by going round the page either');
  await reader.goto(`/decisions/${id}`);
  assert.ok(await reader.getByRole('button', { name: /^許可する/ }).isDisabled());
  await reader.goto('/settings/policy');
  await reader.getByText('変えられるのは承認者以上です。').waitFor();
  assert.equal(await reader.getByRole('tab', { name: '利用者' }).count(), 0);

  // Their role grows, and what they may do with it; then they are shut out.
  await page.getByLabel('taro の役割').selectOption('analyst');
  await page.waitForFunction(async () => {
    const { items } = await (await fetch('/api/v1/users')).json();
    return items.find(({ name }) => name === 'taro').role === 'analyst';
  });
  await reader.goto('/drop');
  await reader.getByText('ファイルを選ぶ', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'taro を停止する' }).click();
  await page.getByRole('row', { name: /taro/ }).getByText('停止中').waitFor();
  await reader.goto('/decisions');
  await reader.getByRole('heading', { name: 'サインイン' }).waitFor();
  assert.ok((await program.records('access')).length >= 5, 'sign-ins and changes of access are records');
}

export async function policy({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  await program.observe('model.bin', BAD_MODEL);
  for (const n of [1, 2]) await program.observe(`資料 ${n}.7z`, archive(n));
  const page = await visit.person(service);
  await visit.signIn(page, { to: '/settings/policy' });
  const text = page.getByLabel('ポリシーの文（TOML）');
  const usual = await text.inputValue();

  const alert = page.getByRole('alert');
  for (const [wrong, says] of [['[[rule]]\nid = ', /line \d+/], ['[[rule]]\nid = "half"\neffect = "block"\n', /rule half/]]) {
    await text.fill(`${usual}\n${wrong}`);
    visit.refusal(422);
    await page.getByRole('button', { name: '過去の決定で試す' }).click();
    await alert.getByText(says).waitFor();
    await alert.getByText('SKM-E-0120').waitFor();
  }
  await visit.shot(page, 'walk-policy-wrong');

  const rule = '\n[[rule]]\nid = "no-archives"\neffect = "block"\nkinds = ["7z"]\ntext.ja = "書庫は受け取りません"\ntext.en = "No archives"\n';
  await text.fill(usual.replace('sakimori-default-1', 'our-policy-2') + rule);
  await page.getByRole('button', { name: '過去の決定で試す' }).click();
  const result = page.getByRole('region', { name: '試した結果' });
  await result.getByText('記録 3 件のうち 2 件の決定が変わります。').waitFor();
  await result.getByRole('row', { name: '要確認 禁止 2' }).waitFor();
  await result.getByRole('link', { name: '資料 1.7z' }).waitFor();
  await visit.shot(page, 'walk-policy-tried');

  await page.getByRole('button', { name: 'このポリシーを使う' }).click();
  const dialog = page.getByRole('dialog', { name: 'このポリシーを使いますか' });
  await dialog.waitFor();
  assert.equal(await dialog.getByText('この文はまだ試していません。').count(), 0);
  await visit.shot(page, 'walk-policy-confirm', { fullPage: false });
  await dialog.getByRole('button', { name: 'このポリシーを使う' }).click();
  const listed = page.getByRole('listitem').filter({ hasText: 'our-policy-2' });
  await listed.getByText('使用中').waitFor();

  assert.equal((await program.records('policy')).length, 1);
  const decided = await program.observe('資料 3.7z', archive(3));
  assert.deepEqual([decided.effect, decided.decision.policy.id], ['block', 'our-policy-2']);
  const before = await program.get('/api/v1/decisions?name=資料 1');
  assert.equal(before.items[0].effect, 'review', 'past decisions stay as they are');
  await listed.getByRole('link', { name: '証拠を確かめる' }).click();
  await page.getByText('すべて確かめられました').waitFor();
  await visit.shot(page, 'walk-proof-policy');
}
