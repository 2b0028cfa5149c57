// Chromium and the watch over it: whatever a page does that it must not is a finding.
import { chromium } from 'playwright-core';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// Characters that may never reach the page as they are: controls, direction marks, zero-width ones.
export const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

export class Browser {
  static async start(task) {
    const self = new Browser();
    self.task = task;
    self.origin = new URL(task.url).origin;
    self.findings = [];
    self.contexts = [];
    self.chromium = await chromium.launch({ executablePath: task.chromium, args: FLAGS });
    return self;
  }

  /** A page with cookies and storage of its own, logged in unless `login` is false. */
  async page({ theme = 'light', width = 1440, height = 900, login = true } = {}) {
    const phone = width < 600;
    const context = await this.chromium.newContext({
      viewport: { width, height }, colorScheme: theme, isMobile: phone, hasTouch: phone, deviceScaleFactor: phone ? 2 : 1,
      timezoneId: 'Asia/Kolkata', // shown times are UTC wherever the analyst is
    });
    this.contexts.push(context);
    const page = await context.newPage();
    this.watch(page, context);
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    await page.goto(this.task.url);
    await page.waitForSelector('input[type=password]');
    if (login) await this.login(page);
    return page;
  }

  async login(page) {
    await page.fill('input[type=password]', this.task.password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('nav');
  }

  watch(page, context) {
    const note = (what) => this.findings.push(what);
    page.on('dialog', (dialog) => {
      note(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => note(`error in the page: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      // Asking who is logged in before anybody is answers 401, and Chromium reports every such answer.
      if (/\/api\/v1\/(me|login)$/.test(message.location().url) && /401/.test(message.text())) return;
      note(`console: ${message.text()} (${message.location().url})`);
    });
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== this.origin && url.protocol !== 'data:') note(`request to elsewhere: ${url}`);
    });
    context.on('page', (opened) => opened !== page && note(`a page was opened: ${opened.url()}`));
  }

  address(hash) {
    return `${this.origin}/#/${hash}`;
  }

  async go(page, hash) {
    await page.goto(this.address(hash));
    await page.waitForSelector('main > *');
    await page.waitForFunction(() => !document.querySelector('main [role=status], main .stale'));
  }

  async closeAll() {
    for (const context of this.contexts.splice(0)) await context.close();
  }

  async stop() {
    await this.chromium.close();
  }
}

/** What of the attackers' texts became more than text. Empty if all is well. */
export async function harm(page) {
  return page.evaluate((source) => {
    const unsafe = new RegExp(source);
    const found = [];
    for (const element of document.querySelectorAll('img, iframe, object, embed, base, form[action], a[href^="javascript:" i], script:not([src])'))
      found.push(`element: ${element.outerHTML.slice(0, 120)}`);
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const texts = node instanceof Element ? [...node.attributes].map((attribute) => `${attribute.name}=${attribute.value}`) : [node.textContent];
      if (node instanceof Element && [...node.attributes].some((attribute) => attribute.name.startsWith('on'))) found.push(`handler: ${node.outerHTML.slice(0, 120)}`);
      if (node.parentElement?.closest('.ap-player')) continue; // the terminal's own picture
      for (const text of texts) if (text && unsafe.test(text)) found.push(`unsafe character: ${JSON.stringify(text.slice(0, 120))}`);
    }
    for (const bytes of document.querySelectorAll('.bytes')) {
      const style = getComputedStyle(bytes);
      if (style.direction !== 'ltr' || style.unicodeBidi !== 'isolate') found.push(`direction: ${bytes.textContent.slice(0, 60)}`);
    }
    if (document.documentElement.scrollWidth > window.innerWidth) found.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} of ${window.innerWidth}`);
    return found;
  }, UNSAFE.source);
}
