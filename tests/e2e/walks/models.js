// The register of models: what may go live, and who said so.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { BAD_MODEL, GOOD_MODEL, MODEL_FOLDER } from '../lib/things.js';

/** How long the shortest admission holds. */
const SHORT_MS = 2_000;
const READER = { name: 'taro', password: 'seven small lanterns' };

export async function admitAndRevoke({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  await program.post('/api/v1/users', { ...READER, role: 'reader' });
  const { id, sha256 } = await program.observe('weights.safetensors', GOOD_MODEL);
  const page = await visit.person(service);
  await visit.signIn(page, { to: '/models' });
  await page.getByText('sakimori vet PATH').waitFor();
  await visit.shot(page, 'walk-models-empty');

  await page.goto(`/decisions/${id}`);
  await page.getByRole('button', { name: 'モデルとして承認する' }).click();
  const dialog = page.getByRole('dialog', { name: 'モデルを承認する' });
  await admitByKeyboard(page, dialog);
  await visit.accessible(page, 'the form to admit');
  await visit.shot(page, 'walk-model-form', { fullPage: false });
  await dialog.getByRole('button', { name: '「承認」で記録する' }).press('Enter');
  await page.waitForURL(`**/models/${sha256}`);
  await page.getByText('2027/03/31 23:59:59 まで使えます。').waitFor();
  for (const text of ['市民課 手紙係', '届いた手紙を分ける。', '職員が必ず見る。', '試験で確かめた。']) {
    await page.getByText(text, { exact: true }).waitFor();
  }
  await visit.shot(page, 'walk-model-admitted');
  assert.equal((await program.get(`/api/v1/admissions/${sha256}`)).admitted, true, 'what asks before it runs hears yes');

  await seenByReader({ service, visit, id, sha256 });

  await page.getByRole('button', { name: '承認を取り消す' }).click();
  const revoking = page.getByRole('dialog', { name: 'モデルの承認を取り消す' });
  await revoking.getByLabel('理由（任意）').fill('出力に誤りが多い。');
  await visit.shot(page, 'walk-model-revoke', { fullPage: false });
  await revoking.getByRole('button', { name: '「取り消し」で記録する' }).click();
  await page.getByText('承認は取り消されました。使っているものは止めてください。').waitFor();
  await page.getByText('出力に誤りが多い。').waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
  await page.getByText('市民課 手紙係').waitFor();
  assert.ok(await page.getByRole('button', { name: '承認を取り消す' }).isDisabled(), 'only what is admitted can be revoked');
  await visit.shot(page, 'walk-model-revoked');
  const answer = await program.get(`/api/v1/admissions/${sha256}`);
  assert.deepEqual([answer.admitted, answer.models[0].standing, answer.models[0].by.name], [false, 'revoked', 'hanako']);

  await page.getByRole('link', { name: '証拠を確かめる' }).click();
  await page.getByText('すべて確かめられました').waitFor();
  await visit.shot(page, 'walk-proof-admission');
  await page.goto('/models?state=revoked');
  await page.getByRole('row', { name: /weights\.safetensors/ }).waitFor();
  assert.equal((await program.records('admission')).length, 2, 'both words are records');
}

/** Fills the form without a mouse; the focus begins in it. */
async function admitByKeyboard(page, dialog) {
  await dialog.waitFor();
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]') !== null);
  await dialog.getByLabel('責任者').focus();
  const type = (text) => page.keyboard.insertText(text);
  await type('市民課 手紙係');
  await page.keyboard.press('Tab');
  await type('届いた手紙を分ける。');
  await page.keyboard.press('Tab');
  await page.keyboard.press('End');
  await dialog.getByLabel('期限（任意）').fill('2027-03-31');
  for (const [label, text] of [['利用者の範囲', '市民課の職員だけ。'], ['出力についての職員の判断の有無', '職員が必ず見る。']]) {
    await dialog.getByLabel(label).fill(text);
  }
  await dialog.getByLabel('理由（任意）').fill('試験で確かめた。');
}

/** They see all of it, and can change nothing. */
async function seenByReader({ service, visit, id, sha256 }) {
  const reader = await visit.person(service);
  await visit.signIn(reader, { ...READER, to: '/models' });
  await reader.getByRole('row', { name: /承認 weights\.safetensors/ }).waitFor();
  await visit.shot(reader, 'walk-models-reader');
  await reader.getByRole('link', { name: 'weights.safetensors' }).click();
  await reader.getByText('承認や取り消しができるのは承認者以上です。').waitFor();
  assert.equal(await reader.locator('main').getByRole('button', { name: /承認/ }).count(), 0);
  assert.equal(await reader.locator('form').count(), 0);
  await reader.goto(`/decisions/${id}`);
  await reader.getByRole('link', { name: '登録簿' }).click();
  await reader.waitForURL(`**/models/${sha256}`);
  visit.refusal(403);
  const body = JSON.stringify({ decision: id, state: 'revoked' });
  const status = await reader.evaluate(async (sent) => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/api/v1/admissions', { method: 'POST', headers, body: sent })).status;
  }, body);
  assert.equal(status, 403, 'not by going round the page either');
}

export async function register({ serve, visit }) {
  const vetted = { letters: MODEL_FOLDER, 'from-somewhere': { 'pytorch_model.bin': BAD_MODEL } };
  const service = await serve({ vetted });
  const program = await service.administrator();
  const page = await visit.person(service, { lang: 'en' });
  await visit.signIn(page, { to: '/models' });
  await page.getByRole('row', { name: /^refused from-somewhere/ }).waitFor();
  await page.getByText('That is all of them (2).').waitFor();
  await visit.shot(page, 'walk-models');
  await page.getByLabel('Standing').selectOption('waiting');
  await page.waitForURL('**/models?state=waiting');
  await page.getByRole('row', { name: /from-somewhere/ }).waitFor({ state: 'detached' });
  await page.getByLabel('Standing').selectOption('');

  await page.getByRole('link', { name: 'letters' }).click();
  await page.getByRole('heading', { name: 'letters' }).waitFor();
  for (const name of Object.keys(MODEL_FOLDER)) await page.getByRole('rowheader', { name }).waitFor();
  await visit.shot(page, 'walk-model');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /^Bill of materials/ }).click(),
  ]);
  const bom = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.equal(bom.bomFormat, 'CycloneDX');

  await page.getByRole('link', { name: 'The decision on its content' }).click();
  await page.getByRole('link', { name: 'Register', exact: true }).click();
  await page.getByRole('heading', { name: 'letters' }).waitFor();

  // A file's digest leads to the model that it is of; one that nobody knows leads to nothing.
  const digest = createHash('sha256').update(MODEL_FOLDER['model.safetensors']).digest('hex');
  const { items } = await program.get(`/api/v1/admissions?sha256=${digest}`);
  assert.deepEqual(items.map(({ name }) => name), ['letters']);
  assert.deepEqual((await program.get(`/api/v1/admissions?sha256=${'0'.repeat(64)}`)).items, []);
  assert.equal((await program.ask('/api/v1/admissions?sha256=0')).status, 400);
  await page.goto(`/models/${digest}`);
  await page.getByText('This is a file of these models:').waitFor();
  await visit.shot(page, 'walk-model-file');
  await page.getByRole('link', { name: 'letters' }).click();
  await page.getByRole('heading', { name: 'letters' }).waitFor();
  visit.refusal(404);
  await page.goto(`/models/${'0'.repeat(64)}`);
  await page.getByText('The register has no model with this digest').waitFor();

  await ended({ program, visit, page });
}

/** An admission that is over. */
async function ended({ program, visit, page }) {
  const { items } = await program.get('/api/v1/admissions?state=admitted');
  const expires = new Date(Date.now() + SHORT_MS).toISOString();
  await program.post('/api/v1/admissions', { decision: items[0].decision, state: 'admitted', expires });
  await new Promise((done) => setTimeout(done, SHORT_MS));
  await page.goto('/models?state=admitted');
  await page.getByRole('row', { name: /^expired letters/ }).waitFor();
  await page.getByRole('link', { name: 'letters' }).click();
  await page.getByText(/^Its admission ended at /).waitFor();
  assert.equal(await page.getByText('What has changed since it was vetted').count(), 0);
  const { text } = await program.get('/api/v1/policies/active');
  await program.post('/api/v1/policies', { text: text.replace('sakimori-default-1', 'our-policy-2') });
  await page.reload();
  await page.getByText('What has changed since it was vetted: the policy. Vet it again: sakimori model revet').waitFor();
  await page.getByRole('button', { name: 'Admit anew' }).waitFor();
  await visit.shot(page, 'walk-model-expired');
}
