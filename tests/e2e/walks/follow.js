// A node follows the log of another one, which then shows a second history: the overview says so and leads to the evidence.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { GOOD_MODEL } from '../lib/things.js';

export async function follow({ serve, visit, program }) {
  const folder = mkdtempSync(join(tmpdir(), 'sakimori-follow-'));
  const [one, other] = [join(folder, 'one'), join(folder, 'other')];
  const file = join(folder, 'weights.safetensors');
  writeFileSync(file, GOOD_MODEL);
  const run = (home, ...more) => execFileSync(program, ['--home', home, ...more], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const add = (home, count) => {
    for (let n = 0; n < count; n += 1) run(home, 'check', '--quiet', file);
  };
  add(one, 1);
  const key = run(one, 'log', 'key', '--public').trim();
  // Both go on from here with one key, each with records of its own.
  cpSync(one, other, { recursive: true });
  add(one, 2);
  add(other, 4);

  let served = one;
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(served, 'log', request.url)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${server.address().port}`;
    const config = `[monitor]\nevery_seconds = 1\n[[monitor.log]]\nurl = "${url}"\nkeys = ["${key}"]\ncloseness = "entries"\n`;
    const service = await serve({ config });
    service.tells('a log has signed two histories', 'an incident is raised');
    const client = await service.administrator();
    await client.observe('weights.safetensors', GOOD_MODEL);
    const page = await visit.person(service);
    await visit.signIn(page);
    const followed = page.getByRole('region', { name: '従っているほかのログ' });
    await followed.getByText(/前と同じ|初めて見ました/).waitFor();
    served = other;
    // The next look comes within a second, and the page is opened anew as a person would.
    for (let tries = 0; (await client.records('incident')).length === 0; tries += 1) {
      if (tries > 100) throw new Error('no incident is raised');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await page.reload();
    await followed.getByText('二つの履歴に署名しています').waitFor();
    await visit.accessible(page, 'walk-fork');
    await visit.shot(page, 'walk-fork');
    await followed.getByRole('link', { name: '事案の記録と証拠' }).click();
    await page.getByText('すべて確かめられました').waitFor();
    await visit.shot(page, 'walk-fork-proof');
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
