// Whether somebody is logged in. Every answer 401 leads back to the login page.
import { ApiError, apiUrl, getJson, post } from './api.ts';
import type { Me } from './types.ts';

class Auth {
  /** `unknown` until the hub has answered once. */
  state = $state<'unknown' | 'in' | 'out'>('unknown');
  me = $state.raw<Me | null>(null);
  /** The hub ended the login: it took too long, or the hub was restarted. */
  ended = $state(false);

  async check(): Promise<void> {
    try {
      this.me = await getJson<Me>(apiUrl('me'));
      this.state = 'in';
      this.ended = false;
    } catch (error) {
      if (error instanceof ApiError && error.status === 0 && this.state === 'in') return;
      this.lost();
    }
  }

  async login(password: string): Promise<void> {
    await post('login', { password });
    await this.check();
  }

  async logout(): Promise<void> {
    try {
      await post('logout', {}, this.me?.csrf ?? '');
    } finally {
      this.lost();
      this.ended = false;
    }
  }

  /** The session is over. */
  lost(): void {
    this.ended = this.ended || this.state === 'in';
    this.me = null;
    this.state = 'out';
  }
}

export const auth = new Auth();
