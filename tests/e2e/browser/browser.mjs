// Runs one part of the browser test. Standard input: the task as JSON (see browser.py).
import { text } from 'node:stream/consumers';
import { Browser } from './harness.mjs';

const task = JSON.parse(await text(process.stdin));
const { checks } = await import(`./${task.part}.mjs`);
const browser = await Browser.start(task);
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  if (!name.includes(process.env.SKEP_BROWSER_ONLY ?? '')) continue;
  browser.findings.length = 0;
  const begin = Date.now();
  let problem = null;
  try {
    await check(browser, task);
    if (browser.findings.length > 0) problem = browser.findings.join('\n    ');
  } catch (error) {
    problem = [error.stack ?? error, ...browser.findings].join('\n    ');
  }
  await browser.closeAll();
  failed += problem ? 1 : 0;
  console.log(`${problem ? 'FAILED' : 'ok'}  ${name} (${Date.now() - begin} ms)${problem ? `\n    ${problem}` : ''}`);
}
await browser.stop();
process.exit(failed > 0 ? 1 : 0);
