// An administrator erases a decision: it is gone from the lists and from its page, and the trace says that it was erased.
import assert from 'node:assert/strict';

import { GOOD_MODEL, MAIL } from '../lib/things.js';

export async function erase({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  await program.observe('weights.safetensors', GOOD_MODEL);
  const { id } = await program.observe('山田さんからのメール.eml', MAIL);
  const page = await visit.person(service);
  await visit.signIn(page, { to: '/decisions' });
  await page.getByRole('row', { name: /山田さん/ }).click();
  await page.goto(`/decisions/${id}`);
  await page.getByRole('heading', { name: '山田さんからのメール.eml' }).waitFor();
  await page.getByRole('button', { name: '消去…' }).click();
  const dialog = page.getByRole('dialog', { name: '内容を消去する' });
  await dialog.waitFor();
  const confirm = dialog.getByRole('button', { name: '消去する' });
  assert.ok(await confirm.isDisabled(), 'not without a ground');
  await dialog.getByLabel('消去の理由（必須）').fill('開示等の請求 114');
  assert.ok(await confirm.isDisabled(), 'not before it is sure');
  await dialog.getByLabel('元に戻せないことを確認しました').check();
  await visit.accessible(page, 'walk-erase');
  await visit.shot(page, 'walk-erase', { fullPage: false });
  await confirm.click();
  await page.getByRole('heading', { name: '決定' }).waitFor();
  await page.getByRole('row', { name: /weights/ }).waitFor();
  assert.equal(await page.getByRole('row', { name: /山田さん/ }).count(), 0);
  visit.refusal(410);
  await page.goto(`/decisions/${id}`);
  await page.getByText('消去済みです').waitFor();
  await visit.shot(page, 'walk-erased');
  await page.goto(`/trace/${id}`);
  await page.getByText('消去済みの記録').first().waitFor();
  await page.getByText('開示等の請求 114').first().waitFor();
  await visit.shot(page, 'walk-erased-trace');
  const [erasure] = await program.records('erasure');
  await page.goto(`/records/${erasure.id}/proof`);
  await page.getByText('すべて確かめられました').waitFor();
  await visit.shot(page, 'walk-erasure-proof');
}
