// Every page in both languages and themes: accessible, and without sideways scrolling on a narrow screen.
import { archive, BAD_MODEL, GOOD_MODEL, LOG, MAIL, MODEL_FOLDER, SCAM } from '../lib/things.js';

/** Models of the register: vetted before the service started. */
const VETTED = {
  'letters-classifier-とても長い名前-2026-11-quantised': MODEL_FOLDER,
  'from-somewhere': { 'pytorch_model.bin': BAD_MODEL },
};

/** What there is to see, and where. Each page is there when the named text or element is. */
async function prepared(service) {
  const program = await service.administrator();
  const model = await program.observe('models/とても長い名前のフォルダー/production-language-model-2026-11-quantised.bin', BAD_MODEL);
  const mail = await program.observe('message.eml', MAIL);
  const log = await program.observe('events.jsonl', LOG);
  const good = await program.observe('weights.safetensors', GOOD_MODEL);
  await program.observe('message-2.eml', MAIL, '&source=mail-gateway-of-the-city-hall-1&number=2');
  await program.post('/api/v1/heartbeats', { source: 'mail-gateway-of-the-city-hall-1', number: 9 });
  const judged = await program.observe('資料.7z', archive(1));
  await program.post(`/api/v1/decisions/${judged.id}/judgements`, { effect: 'block', note: '送り主に確かめた。' });
  const { items: models } = await program.get('/api/v1/admissions');
  const [bad, vetted] = ['from-somewhere', 'letters'].map((start) => models.find(({ name }) => name.startsWith(start)));
  await program.post('/api/v1/admissions', {
    decision: vetted.decision,
    state: 'admitted',
    owner: '市民課 手紙係',
    purpose: '市民から届いた手紙を、担当する課ごとに分ける。',
    role: 'user',
    risk: { users: '市民課の職員だけ', judgement: '職員が必ず見てから送る。', 'data protection': 'assessed in 2026' },
    note: '試験で確かめた。',
  });
  await program.post('/api/v1/tokens', { name: '夜間の検査', scopes: ['read', 'observe'], days: 30 });
  await program.post('/api/v1/users', { name: 'taro', role: 'reader', password: 'seven small lanterns' });
  return {
    overview: { path: '/', there: '#sources' },
    decisions: { path: '/decisions', there: '[role=row] time' },
    waiting: { path: '/decisions?waiting=true', there: '[role=row] time' },
    'decision-model': { path: `/decisions/${model.id}`, there: 'article' },
    'decision-mail': { path: `/decisions/${mail.id}`, there: 'article' },
    'decision-log': { path: `/decisions/${log.id}`, there: 'article' },
    'decision-good': { path: `/decisions/${good.id}`, there: '#findings' },
    'decision-judged': { path: `/decisions/${judged.id}`, there: 'blockquote' },
    proof: { path: `/decisions/${model.id}/proof`, there: '.verdict.holds' },
    models: { path: '/models', there: '[role=cell] time' },
    'models-none': { path: '/models?state=revoked', there: 'main [role=status]:has-text("。"), main [role=status]:has-text("fits")' },
    model: { path: `/models/${vetted.sha256}`, there: '#files' },
    trace: { path: `/trace/${vetted.sha256}`, there: 'main svg' },
    'model-bad': { path: `/models/${bad.sha256}`, there: '#files' },
    'model-form': { path: `/models/${vetted.sha256}`, there: '#files', press: /^(承認する|承認し直す|Admit|Admit anew)$/ },
    drop: { path: '/drop', there: '.zone' },
    account: { path: '/settings/account', there: 'fieldset' },
    tokens: { path: '/settings/tokens', there: 'tbody time' },
    users: { path: '/settings/users', there: 'tbody time' },
    policy: { path: '/settings/policy', there: 'textarea' },
    rules: { path: '/settings/rules', there: '.rule' },
    status: { path: '/settings/status', there: 'tbody td' },
    'not-found': { path: '/nowhere', there: 'main h1' },
    check: { path: '/check', there: 'textarea' },
    'check-fraud': { path: '/check', there: 'textarea', paste: SCAM },
  };
}

/** Pages for whom nobody knows yet. */
const OUTSIDE = { 'sign-in': { path: '/sign-in', there: 'form' }, first: { path: '/first', there: 'main h1' } };

async function open(page, { path, there, paste, press }) {
  await page.goto(path);
  await page.locator(there).first().waitFor();
  // What surrounds a finding is fetched when a person gets there.
  for (const finding of await page.getByRole('article').all()) {
    await finding.scrollIntoViewIfNeeded();
    await finding.getByText(/^(読み込んでいます…|Loading…)$/).waitFor({ state: 'detached' });
  }
  if (press !== undefined) {
    await page.getByRole('button', { name: press }).click();
    await page.getByRole('dialog').waitFor();
  }
  if (paste === undefined) return;
  await page.locator('textarea').fill(paste);
  await page.locator('button[type=submit]').click();
  await page.locator('section.result').waitFor();
}

async function each(visit, service, pages, options, name, judge) {
  const page = await visit.person(service, options);
  if (pages !== OUTSIDE) await visit.signIn(page);
  for (const [title, what] of Object.entries(pages)) {
    await open(page, what);
    await judge(page, `${title}, ${name}`);
    await visit.shot(page, `${title}-${name.replaceAll(' ', '-')}`);
  }
  await page.close();
}

export async function everyPage({ serve, visit }) {
  const [service, fresh] = [await serve({ vetted: VETTED }), await serve()];
  const pages = await prepared(service);
  const judge = (page, name) => visit.accessible(page, name);
  for (const [lang, theme] of [['ja', 'light'], ['en', 'dark']]) {
    const name = `${lang} ${theme}`;
    await each(visit, service, OUTSIDE, { lang, theme }, name, judge);
    await each(visit, service, pages, { lang, theme }, name, judge);
    const page = await visit.person(fresh, { lang, theme });
    await page.goto(fresh.first);
    await page.locator('form').waitFor();
    await visit.accessible(page, `first with its code, ${name}`);
    await visit.shot(page, `first-code-${lang}-${theme}`);
  }
}

export async function narrow({ serve, visit }) {
  const service = await serve({ vetted: VETTED });
  const pages = await prepared(service);
  const judge = (page, name) => visit.fits(page, name);
  for (const [lang, theme] of [['ja', 'dark'], ['en', 'light']]) {
    const options = { lang, theme, viewport: { width: 320, height: 640 } };
    await each(visit, service, OUTSIDE, options, `${lang} ${theme} 320`, judge);
    await each(visit, service, pages, options, `${lang} ${theme} 320`, judge);
  }
}
