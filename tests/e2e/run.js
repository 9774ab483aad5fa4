// Walks through the pages of the real program as a person would, in Debian's Chromium.
//   SAKIMORI_BIN    the program
//   SAKIMORI_OIDC   the folder with the OpenID provider; default: ../oidc
//   SAKIMORI_SHOTS  a folder for screenshots; without it there are none
// `node run.js [PART OF A NAME]`
import { resolve } from 'node:path';

import { Browser } from './lib/browser.js';
import { Service } from './lib/service.js';
import { firstSignIn, signInAgain } from './walks/access.js';
import { citizenInEnglish, citizenOnAPhone } from './walks/citizen.js';
import { dropAndProve } from './walks/drop.js';
import { erase } from './walks/erase.js';
import { follow } from './walks/follow.js';
import { language } from './walks/language.js';
import { everyPage, narrow } from './walks/looks.js';
import { admitAndRevoke, register } from './walks/models.js';
import { oidc } from './walks/oidc.js';
import { policy, tokens, users } from './walks/settings.js';
import { live, triage } from './walks/triage.js';

/** Each gets a node of its own, so that none depends on another. */
const WALKS = {
  'first sign-in, by an address that works once': firstSignIn,
  'signing out, and in again after a wrong password': signInAgain,
  'a bad model: dropped, blocked, explained, proven': dropAndProve,
  'the language: chosen in the header, kept with the account': language,
  'an administrator erases a decision': erase,
  'the log of another shows two histories': follow,
  'triage by keyboard alone': triage,
  'arrivals and judgements show while the list is open': live,
  'tokens: made, used, revoked': tokens,
  'a reader sees, and can do nothing else': users,
  'a policy: tried, used, recorded': policy,
  'models: admitted, revoked, and seen by a reader': admitAndRevoke,
  'models that were vetted: the register, their files, their parts': register,
  'a citizen with a phone and no scripts': citizenOnAPhone,
  'a citizen who reads English': citizenInEnglish,
  'every page, light and dark: accessible': everyPage,
  'every page at 320 pixels: nothing to scroll sideways': narrow,
  'sign-in at an OpenID provider': oidc,
};
/** A walk that takes longer hangs. */
const WALK_MS_MAX = 400_000;
/** Walks at once: one waits while another works. */
const LANES = 2;

const only = process.argv[2] ?? '';
if (!process.env.SAKIMORI_BIN) {
  console.error('error: SAKIMORI_BIN is not set; it names the program (cargo build -p sakimori)');
  process.exit(2);
}
const program = resolve(process.env.SAKIMORI_BIN);

const browser = await Browser.start(process.env.SAKIMORI_SHOTS);
const begun = Date.now();
let passed = 0;
let failed = 0;
// The longest stand near the end, and begin first.
const left = Object.entries(WALKS).filter(([name]) => name.includes(only));
await Promise.all(Array.from({ length: LANES }, lane));
await browser.stop();
console.log(`${passed} walks passed, ${failed} failed, in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function lane() {
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [name, walk] = next;
    const start = Date.now();
    const faults = await go(name, walk);
    console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    for (const fault of faults) console.log(`       ${fault.replaceAll('\n', '\n       ')}`);
    if (faults.length === 0) passed += 1;
    else failed += 1;
  }
}

/** The faults: what the walk stumbled over, and what its pages did that no page may do. */
async function go(name, walk) {
  const services = [];
  const serve = async (options) => {
    const service = await Service.start(program, options);
    services.push(service);
    return service;
  };
  const visit = browser.visit(name);
  const faults = [];
  let timer;
  const late = new Promise((_, give_up) => {
    timer = setTimeout(() => give_up(new Error(`not over after ${WALK_MS_MAX / 1000} s`)), WALK_MS_MAX);
  });
  try {
    await Promise.race([walk({ serve, visit, program }), late]);
  } catch (error) {
    faults.push(error.stack ?? String(error));
    await visit.shotOfFailure();
  }
  clearTimeout(timer);
  faults.push(...(await visit.end()));
  for (const service of services) {
    const problem = await service.stop();
    if (problem !== null) faults.push(problem);
  }
  return faults;
}
