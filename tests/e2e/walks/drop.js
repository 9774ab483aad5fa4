// A file is dropped, judged, explained, and its record is proven in the browser.
import assert from 'node:assert/strict';

import { BAD_MODEL, LARGE_MODEL, MAIL } from '../lib/things.js';

export async function dropAndProve({ serve, visit }) {
  const service = await serve();
  const program = await service.administrator();
  const page = await visit.person(service);
  await visit.signIn(page, { to: '/drop' });
  await drop(page, visit);
  await explained(page, visit, program);
  await proven(page, visit, program);
  await tampered(page, visit);
}

async function drop(page, visit) {
  await page.getByRole('heading', { name: 'ファイルを検査する' }).waitFor();
  const transfer = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], '言語モデル.bin'));
    return transfer;
  }, [...BAD_MODEL]);
  await page.getByText('ここにファイルやフォルダーをドロップするか').dispatchEvent('drop', { dataTransfer: transfer });
  const line = page.getByRole('listitem', { name: '言語モデル.bin' });
  await line.getByText('完了').waitFor();
  await line.getByText('禁止', { exact: true }).waitFor();

  await page.locator('input[type=file]').first().setInputFiles([
    { name: 'weights.safetensors', mimeType: '', buffer: LARGE_MODEL },
    { name: 'message.eml', mimeType: '', buffer: MAIL },
  ]);
  await page.getByRole('listitem', { name: 'weights.safetensors' }).getByText('許可', { exact: true }).waitFor();
  await page.getByRole('listitem', { name: 'message.eml' }).getByText('要確認', { exact: true }).waitFor();
  await visit.shot(page, 'walk-dropped');
}

/** The bar sums up to the score, and a finding shows its place in the content. */
async function explained(page, visit, program) {
  await page.getByRole('link', { name: 'message.eml' }).click();
  await page.getByRole('heading', { name: 'message.eml' }).waitFor();
  const mail = await sumOfBar(page);
  assert.ok(mail.parts.length > 2, `the mail has several findings with points: ${mail.parts}`);
  await page.getByRole('article').first().getByText('フィッシングや詐欺の疑いが強い').waitFor();
  await page.locator('mark').first().waitFor();
  await visit.shot(page, 'walk-decision-mail');

  await page.goBack();
  await page.getByRole('link', { name: '言語モデル.bin' }).click();
  await page.getByRole('heading', { name: '言語モデル.bin' }).waitFor();
  await page.locator('.head').getByText('禁止', { exact: true }).waitFor();
  assert.deepEqual((await sumOfBar(page)).parts, [100]);

  const finding = page.getByRole('article').first();
  await finding.getByText('os.system').first().waitFor();
  await finding.getByText('なぜ問題か').waitFor();
  await finding.getByText('どうすればよいか').waitFor();
  await finding.getByText('ATLAS').first().waitFor();
  // The instruction that calls it is marked where it stands: REDUCE, the last but one byte.
  const mark = finding.locator('mark');
  await mark.scrollIntoViewIfNeeded();
  assert.equal(await mark.textContent(), 'R'.charCodeAt(0).toString(16));
  const bytes = (await finding.locator('.line code:not(.ascii)').allTextContents()).join(' ').trim().split(/\s+/);
  assert.equal(Buffer.from(bytes.join(''), 'hex').toString(), BAD_MODEL.toString(), 'the page shows the bytes themselves');
  await visit.shot(page, 'walk-decision-model');

  await page.getByText('JSON で見る').click();
  const json = page.getByRole('region', { name: 'JSON で見る' });
  await json.getByText('"findings"').waitFor();
  const shown = JSON.parse(await json.textContent());
  assert.deepEqual(shown, await program.get(`/api/v1/decisions/${shown.id}`));
}

/** The numbers of the bar; they must sum up to the score beside the heading. */
async function sumOfBar(page) {
  const formula = (await page.locator('.formula').textContent()).replaceAll('−', '-').split('=')[0];
  const parts = formula.match(/-? ?\d+/g).map((number) => Number(number.replace(' ', '')));
  const score = Number(/(\d+) 点/.exec(await page.locator('.head strong').first().textContent())[1]);
  assert.equal(parts.reduce((sum, part) => sum + part, 0), score, `${formula} is the score`);
  const bar = page.getByRole('img', { name: `合計 ${score} 点` });
  const drawn = await bar.locator('title').allTextContents();
  assert.deepEqual(drawn.map((title) => Number(/^−?\d+/.exec(title)[0].replace('−', '-'))), parts, 'the bar draws these parts');
  const widths = await bar.locator('.segment rect').evaluateAll((all) => all.map((rect) => rect.getBoundingClientRect().width));
  const [widest] = widths;
  for (const [at, width] of widths.entries()) {
    const right = (widest * parts[at]) / parts[0];
    assert.ok(Math.abs(width - right) < 3, `segment ${at} is ${width} px wide and not ${right}`);
  }
  return { parts, score };
}

const STEPS = [
  '記録の文を読む', '求めた記録かどうか', '乱数を加えた値を計算する', 'ログの項目と葉の値を計算する', '葉から根までたどる',
  'チェックポイントと比べる', '署名を確かめる',
];

async function proven(page, visit, program) {
  await page.getByRole('link', { name: '証拠を確かめる' }).first().click();
  await page.getByText('すべて確かめられました').waitFor();
  await page.getByText('鍵はこの証拠と同じサーバーから受け取ったものです').waitFor();
  for (const step of STEPS) await page.getByRole('heading', { name: `${step} 確かめました` }).waitFor();
  await page.getByText('禁止', { exact: true }).waitFor();
  await page.getByText('言語モデル.bin', { exact: true }).waitFor();
  await visit.shot(page, 'walk-proof');

  const field = page.getByLabel('別の経路で受け取った公開鍵');
  const button = page.getByRole('button', { name: 'この鍵で確かめる' });
  const { key } = await program.get('/api/v1/log');
  await field.fill(key);
  await button.click();
  await page.getByText('入力された鍵で確かめました').waitFor();
  await field.fill('other.example/log+fbfbab34+AU6B/OHW3ytl4dJ2Plg4pKTcDxF53d0rEj/XwmqsUhBe');
  await button.click();
  await page.getByText('この鍵はチェックポイントに署名していません').waitFor();
  await page.getByRole('heading', { name: '署名を確かめる 合いません' }).waitFor();
  assert.equal(await page.getByText('すべて確かめられました').count(), 0);
  await visit.shot(page, 'walk-proof-wrong-key');
  await field.fill('これは鍵ではない');
  await button.click();
  await page.getByText('これは公開鍵ではありません').waitFor();
}

/** What somebody on the way may change, one character each, and what the page must say. */
const CHANGES = [
  { what: 'the score', from: /\\"score\\":100/, to: '\\"score\\":900' },
  { what: 'a digit of the salt', from: /("salt":")(.)/, to: (_, head, digit) => head + other(digit) },
  { what: 'the size of the log', from: /(\\n)(\d+)(\\n[^\\]{44}\\n)/, to: (_, head, size, tail) => `${head}${Number(size) + 1}${tail}` },
  { what: 'the signature', from: /(— \S+ [^\\]{20})(.)/, to: (_, head, letter) => head + other(letter) },
];

function other(digit) {
  return digit === '1' ? '2' : '1';
}

async function tampered(page, visit) {
  for (const { what, from, to } of CHANGES) {
    let changed = false;
    await page.route('**/api/v1/records/*/proof', async (route) => {
      const answer = await route.fetch();
      const genuine = await answer.text();
      const body = genuine.replace(from, to);
      changed = body !== genuine;
      await route.fulfill({ response: answer, body });
    });
    await page.reload();
    await page.getByText('確かめられません', { exact: true }).waitFor();
    assert.ok(changed, `${what} was changed on the way`);
    assert.equal(await page.getByText('すべて確かめられました').count(), 0, what);
    assert.equal(await page.getByRole('heading', { name: /合いません$/ }).count(), 1, `${what}: one step is named`);
    await visit.shot(page, `walk-proof-tampered-${what.replaceAll(' ', '-')}`);
    await page.unroute('**/api/v1/records/*/proof');
  }
  await page.reload();
  await page.getByText('すべて確かめられました').waitFor();
}
