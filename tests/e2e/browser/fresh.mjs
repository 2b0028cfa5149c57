// A deployment that nobody has attacked yet, and its first attack.
import assert from 'node:assert/strict';
import { harm } from './harness.mjs';
import { Telnet } from './telnet.mjs';

const LIVE_MS = 1000;
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function attacked(browser, task) {
  const telnet = new Telnet(task.telnet);
  await telnet.login('root', 'hunter2');
  return telnet;
}

export const checks = {
  async 'a wrong password is refused in words, the right one leads in, logging out leads back'(browser) {
    const page = await browser.page({ login: false });
    await page.fill('input[type=password]', 'wrong');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent.includes('wrong'));
    await browser.login(page);
    await page.reload();
    await page.waitForSelector('nav');
    await page.click('button[aria-label="Log out"]');
    await page.waitForSelector('input[type=password]');
    await page.goto(browser.address('sessions'));
    await page.waitForSelector('input[type=password]');
  },

  async 'an empty deployment says how to try it'(browser, task) {
    const page = await browser.page();
    await page.waitForSelector(`text=telnet ${task.telnet.host} ${task.telnet.port}`);
    assert.deepEqual(await harm(page), []);
  },

  async 'every page can be reached by keyboard and its focus is seen'(browser) {
    const page = await browser.page();
    await browser.go(page, '');
    const seen = new Set();
    for (let i = 0; i < 14; i++) {
      await page.keyboard.press('Tab');
      const focus = await page.evaluate(() => {
        const element = document.activeElement;
        // A hidden radio button is outlined by its label.
        const outline = [element, element.closest('label')].some((seen) => {
          const style = seen && getComputedStyle(seen);
          return style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
        });
        return { href: element.getAttribute('href'), outline };
      });
      assert.ok(focus.outline, `no outline at stop ${i}`);
      if (focus.href) seen.add(focus.href.replace(/\?.*/, ''));
    }
    for (const page_ of ['#/', '#/sessions', '#/events', '#/sources', '#/credentials', '#/commands', '#/files', '#/clients'])
      assert.ok(seen.has(page_), `${page_} is not among ${[...seen]}`);
  },

  async 'an attack is in the live feed within a second, as it happens'(browser, task) {
    const page = await browser.page();
    await page.waitForSelector('.line.open');
    const telnet = await attacked(browser, task);
    const took = [];
    for (let i = 0; i < 5; i++) {
      const word = `echo live-${Date.now()}`;
      const begin = Date.now();
      telnet.line(word);
      await page.waitForFunction((text) => document.querySelector('.feed')?.textContent.includes(text), word, { polling: 20 });
      took.push(Date.now() - begin);
      await telnet.until(/[#$] $/);
    }
    telnet.close();
    console.log(`    from the Return key to the screen: ${took.join(', ')} ms`);
    assert.ok(median(took) < LIVE_MS, `median of ${took}`);
    // The numbers follow without a click.
    await page.waitForFunction(() => [...document.querySelectorAll('.strip a')].some((a) => /Commands\s*[5-9]/.test(a.textContent)));
  },

  async 'a paused feed stands still and catches up'(browser, task) {
    const page = await browser.page();
    await page.waitForSelector('.line.open');
    await page.click('button:has-text("Pause")');
    const telnet = await attacked(browser, task);
    await telnet.command('echo while-paused');
    await page.waitForSelector('button:has-text("new)")');
    assert.ok(!(await page.textContent('.feed')).includes('while-paused'));
    await page.click('button:has-text("Resume")');
    await page.waitForFunction(() => document.querySelector('.feed').textContent.includes('while-paused'));
    telnet.close();
  },

  async 'a hub that was killed comes back; whoever logs in again has missed nothing'(browser, task) {
    const page = await browser.page();
    await page.waitForSelector('.line.open');
    const status = await page.evaluate(async () => (await fetch('/api/v1/status')).json());
    process.kill(status.processes.find((entry) => entry.role === 'hub').pid, 'SIGKILL');
    const telnet = await attacked(browser, task);
    await telnet.command('echo while-the-hub-was-away');
    telnet.close();
    await page.waitForSelector('text=Your login has ended');
    browser.findings.length = 0; // the refused connections are the point
    await browser.login(page);
    await page.waitForFunction(() => document.querySelector('.feed')?.textContent.includes('while-the-hub-was-away'));
    await page.waitForSelector('.line.open');
  },

  async 'a session is replayed: the terminal shows what the attacker saw, in step with the timeline'(browser, task) {
    const telnet = await attacked(browser, task);
    await telnet.command('echo recorded-$((6 * 7))');
    await telnet.command("printf '#!/bin/sh\\necho dropped script\\n' > /tmp/.x; chmod +x /tmp/.x; /tmp/.x; rm /tmp/.x");
    telnet.line('exit');
    const page = await browser.page();
    await browser.go(page, 'sessions');
    await page.click('tr:has(.play svg) a.main');
    await page.waitForSelector('.ap-player');
    await page.click('.ap-overlay-start, .ap-playback-button');
    await page.waitForFunction(() => document.querySelector('.ap-player').textContent.includes('recorded-42'));
    await page.waitForSelector('li.current');
    await page.click('li:has-text("connected by") button.when');
    await page.waitForSelector('li:has-text("echo recorded-") button.when');
    assert.deepEqual(await harm(page), []);
    const files = await page.$$('a[href^="#/files/"]');
    assert.ok(files.length > 0, 'the dropped script is linked');
    await files[0].click();
    await page.waitForSelector('text=SHA-256');
    await page.waitForSelector(':text("/tmp/.x")');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('a[download]')]);
    assert.match(download.suggestedFilename(), /^[0-9a-f]{64}\.bin$/);
  },

  async 'what an attacker types over Telnet is text and nothing else'(browser, task) {
    const page = await browser.page();
    await page.waitForSelector('.line.open');
    const telnet = new Telnet(task.telnet);
    await telnet.until(/login: ?$/);
    telnet.line('<img src=x onerror=alert(1)>');
    await telnet.until(/Password: ?$/);
    telnet.line('\u202egnp.x\u200b');
    await telnet.until(/[#$:] ?$/);
    telnet.close();
    const second = await attacked(browser, task);
    await second.command("echo '<script>alert(2)</script><svg onload=alert(3)>'");
    await second.command("printf '\\033]0;owned\\007\\033[31mred\\033[0m\\n' # \u202eoverride\u2066");
    second.line('exit');
    await page.waitForFunction(() => document.querySelector('.feed').textContent.includes('<script>alert(2)</script>'));
    await page.waitForFunction(() => document.querySelector('.feed').textContent.includes('<img src=x onerror=alert(1)>'));
    assert.deepEqual(await harm(page), []);
    for (const hash of ['events', 'sessions', 'credentials', 'commands']) {
      await browser.go(page, hash);
      assert.deepEqual(await harm(page), [], hash);
    }
    await browser.go(page, 'sessions');
    await page.click('tr:has(.play svg) a.main');
    await page.waitForSelector('.ap-player');
    await page.click('.ap-overlay-start, .ap-playback-button');
    await page.waitForFunction(() => document.querySelector('.ap-player').textContent.includes('onload=alert(3)'));
    assert.deepEqual(await harm(page), []);
  },
};
