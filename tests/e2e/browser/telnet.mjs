// A Telnet client that refuses every option; enough to log in and type.
import { connect } from 'node:net';

const IAC = 255, DO = 253, WONT = 252, WILL = 251, DONT = 254, SB = 250, SE = 240;

// BusyBox asks for the cursor's position behind its prompt.
const PROMPT = /[#$] (\x1b\[6n)?$/;

export class Telnet {
  constructor({ host, port, localAddress }) {
    this.text = '';
    this.rest = Buffer.alloc(0);
    this.wake = () => {};
    this.socket = connect({ host, port, localAddress });
    this.socket.on('data', (data) => this.take(data));
    this.socket.on('close', () => this.end());
    this.socket.on('error', () => this.end());
  }

  end() {
    this.closed = true;
    this.wake();
  }

  take(data) {
    const bytes = Buffer.concat([this.rest, data]);
    let at = 0;
    let out = [];
    while (at < bytes.length) {
      if (bytes[at] !== IAC) {
        out.push(bytes[at++]);
        continue;
      }
      const command = bytes[at + 1];
      if (command === undefined) break;
      if (command === SB) {
        const end = bytes.indexOf(Buffer.from([IAC, SE]), at);
        if (end < 0) break;
        at = end + 2;
      } else if (command >= WILL && command <= DONT) {
        if (bytes[at + 2] === undefined) break;
        if (command === DO) this.socket.write(Buffer.from([IAC, WONT, bytes[at + 2]]));
        if (command === WILL) this.socket.write(Buffer.from([IAC, bytes[at + 2] === 1 || bytes[at + 2] === 3 ? DO : DONT, bytes[at + 2]]));
        at += 3;
      } else {
        at += 2;
      }
    }
    this.rest = bytes.subarray(at);
    this.text += Buffer.from(out).toString('utf8');
    this.wake();
  }

  /** Waits until the text ends in `pattern`, and forgets it. */
  async until(pattern, ms = 30_000) {
    const end = Date.now() + ms;
    while (!pattern.test(this.text)) {
      if (this.closed || Date.now() > end) throw new Error(`no ${pattern} in ${JSON.stringify(this.text.slice(-500))}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const seen = this.text;
    this.text = '';
    return seen;
  }

  line(text) {
    this.socket.write(text + '\r\n');
  }

  async login(user, password) {
    await this.until(/login: ?$/);
    this.line(user);
    await this.until(/Password: ?$/);
    this.line(password);
    await this.until(PROMPT);
  }

  async command(text) {
    this.line(text);
    return this.until(PROMPT);
  }

  /** Waits until the other side has closed. */
  async ended() {
    while (!this.closed) await new Promise((resolve) => (this.wake = resolve));
  }

  close() {
    this.socket.end();
  }
}
