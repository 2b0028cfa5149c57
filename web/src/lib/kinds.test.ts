import { describe, expect, it } from 'vitest';
import { describe as say, EVENT_IDS, isDetail, kindOf } from './kinds.ts';
import type { SkepEvent } from './types.ts';

const event = (eventid: string, more: Record<string, unknown> = {}): SkepEvent => ({ id: '1', eventid, timestamp: '', ...more });

describe('describe', () => {
  it('keeps what the attacker sent apart from our words', () => {
    expect(say(event('login.failed', { username: 'root', password: '<b>' }))).toEqual([
      { words: 'tried' }, { field: 'username' }, { words: '/' }, { field: 'password' },
    ]);
    expect(say(event('process.exec', { argv: ['sh', '-c'] }))).toEqual([{ words: 'ran' }, { list: ['sh', '-c'] }]);
  });

  it('leaves out fields that the event lacks', () => {
    expect(say(event('file.captured', { size: 2048 }))).toEqual([{ words: 'dropped' }, { words: '2.0 KiB' }]);
  });

  it('shows an event that it does not know', () => {
    expect(say(event('virustotal.scanfile', { url: 'http://x' }))).toEqual([{ words: 'virustotal.scanfile' }, { field: 'url' }]);
    expect(say(event('odd'))).toEqual([{ words: 'odd' }]);
  });

  it('never fails on an event without fields', () => {
    for (const id of EVENT_IDS) expect(say(event(id)).length).toBeGreaterThanOrEqual(0);
  });
});

describe('kinds', () => {
  it('tells who got in and what is bookkeeping', () => {
    expect(kindOf(event('login.success'))).toBe('success');
    expect(kindOf(event('cowrie.login.success'))).toBe('success');
    expect(isDetail(event('telnet.option'))).toBe(true);
    expect(isDetail(event('command.input'))).toBe(false);
  });
});
