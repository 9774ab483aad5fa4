// What waits for a person, judged by keyboard alone; and what others do meanwhile.
import assert from 'node:assert/strict';

import { archive, GOOD_MODEL, LOG } from '../lib/things.js';

const chosen = (page) => page.locator('[role=row][aria-selected=true]');

export async function triage({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  for (const n of [1, 2, 3, 4]) await program.observe(`資料 ${n}.7z`, archive(n));
  await program.observe('weights.safetensors', GOOD_MODEL);
  const page = await visit.person(service);
  await page.goto('/sign-in');
  await page.locator('#name').waitFor();

  // From here on there is no mouse.
  await tabTo(page, 'INPUT', '');
  await page.keyboard.type('hanako');
  await page.keyboard.press('Tab');
  await page.keyboard.type('tulip harbor kettle');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '概要' }).waitFor();
  await page.getByRole('region', { name: '人を待っているもの' }).getByText('4', { exact: true }).waitFor();
  await visit.shot(page, 'walk-overview-waiting');
  await tabTo(page, 'A', '確認する');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /資料 4/ }).waitFor();
  assert.equal(new URL(page.url()).search, '?waiting=true');

  // Newest first.
  await step(page, 'j', '資料 4');
  await step(page, 'j', '資料 3');
  await step(page, 'j', '資料 2');
  await step(page, 'k', '資料 3');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'キー操作' });
  await help.waitFor();
  await visit.shot(page, 'walk-keys', { fullPage: false });
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });

  await judge(page, visit, 'b', '禁止', '送り主に心当たりがない。jkab?');
  await chosen(page).getByText('人が判断: 禁止').waitFor();
  assert.match(await chosen(page).textContent(), /資料 3/);
  await step(page, 'j', '資料 2');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '資料 2.7z' }).waitFor();
  await page.getByText('人の確認を待っています。').waitFor();
  await judge(page, visit, 'a', '許可', '');
  await page.getByText('人の確認を待っています。').waitFor({ state: 'detached' });
  assert.ok(await page.getByRole('button', { name: /^許可する/ }).isDisabled(), 'what holds already is not offered');
  await visit.shot(page, 'walk-decision-judged');
  await page.keyboard.press('u');
  await page.getByRole('heading', { name: '決定' }).waitFor();
  await chosen(page).getByText('資料 2').waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-selected') === 'true');
  await visit.shot(page, 'walk-decisions-judged', { fullPage: false });

  await recorded(page, program);
}

/** Two judgements are records with a proof, and two wait still. */
async function recorded(page, program) {
  const judgements = await program.records('judgement');
  assert.equal(judgements.length, 2);
  const { items } = await program.get('/api/v1/decisions?waiting=true');
  assert.deepEqual(items.map(({ name }) => name), ['資料 4.7z', '資料 1.7z']);
  const statement = await program.get(`/api/v1/records/${judgements[0].id}`);
  assert.ok(statement.predicateType.includes('judgement'), statement.predicateType);
  await page.goto('/');
  await page.getByRole('region', { name: '人を待っているもの' }).getByText('2', { exact: true }).waitFor();
  await page.goto(`/records/${judgements[1].id}/proof`);
  await page.getByText('すべて確かめられました').waitFor();
}

/** Presses Tab until it is there, as far as a person would. */
async function tabTo(page, tag, text) {
  for (let presses = 0; presses < 40; presses += 1) {
    const at = await page.evaluate(() => [document.activeElement?.tagName, document.activeElement?.textContent?.trim()]);
    if (at[0] === tag && at[1] === text) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${tag} ${text}`);
}

/** A key that chooses a row, which then has the focus. */
async function step(page, key, name) {
  await page.keyboard.press(key);
  await chosen(page).getByText(name).waitFor();
  await page.waitForFunction((text) => document.activeElement?.textContent?.includes(text), name);
}

async function judge(page, visit, key, effect, note) {
  await page.keyboard.press(key);
  const dialog = page.getByRole('dialog', { name: `「${effect}」と判断する` });
  await dialog.waitFor();
  await dialog.getByLabel('理由（任意）').and(page.locator(':focus')).waitFor();
  await page.keyboard.type(note);
  await visit.shot(page, `walk-judge-${key}`, { fullPage: false });
  await tabTo(page, 'BUTTON', `「${effect}」で記録する`);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
}

export async function live({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  const old = await program.observe('前から.7z', archive(1));
  const page = await visit.person(service);
  await visit.signIn(page, { to: '/decisions' });
  await page.getByRole('row', { name: /前から/ }).getByText('確認待ち').waitFor();
  await page.getByText('自動更新中').waitFor();

  // Nothing is chosen: it shows at once. Once a row is chosen, it waits behind a button, so that nothing moves.
  await program.observe('events.jsonl', LOG);
  await page.getByRole('row', { name: /events\.jsonl/ }).getByText('禁止').waitFor();
  await page.keyboard.press('j');
  await chosen(page).waitFor();
  await program.observe('あとから.7z', archive(2));
  await page.getByRole('button', { name: '新しい決定 1 件' }).waitFor();
  assert.equal(await page.getByRole('row', { name: /あとから/ }).count(), 0);
  await visit.shot(page, 'walk-decisions-new', { fullPage: false });
  await page.keyboard.press('n');
  await page.getByRole('row', { name: /あとから/ }).waitFor();

  // Somebody else judges.
  await program.post(`/api/v1/decisions/${old.id}/judgements`, { effect: 'block', note: '' });
  await page.getByRole('row', { name: /前から/ }).getByText('人が判断: 禁止').waitFor();

  // What does not fit the filter does not come.
  await page.getByLabel('決定', { exact: true }).selectOption('block');
  await page.waitForURL('**/decisions?effect=block');
  await page.getByText('これで全部です（1 件）').waitFor();
  await program.observe('weights.safetensors', GOOD_MODEL);
  await program.observe('events-2.jsonl', LOG);
  await page.getByRole('row', { name: /events-2/ }).waitFor();
  assert.equal(await page.getByRole('row', { name: /weights/ }).count(), 0);
}
