import { describe, expect, it } from 'vitest';
import { ago, axisLabel, bytes, clock, compact, count, duration, percent, plural, shortStamp, stamp } from './format.ts';

const NOON = Date.UTC(2026, 7, 7, 12, 0, 0);

describe('numbers', () => {
  it('groups digits and shortens large ones', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect(compact(99_999)).toBe('99,999');
    expect(compact(1_234_567)).toBe('1.2M');
    expect(plural(1, 'session')).toBe('1 session');
    expect(plural(2000, 'session')).toBe('2,000 sessions');
  });

  it.each([[null, 'size unknown'], [0, '0 B'], [1023, '1023 B'], [1536, '1.5 KiB'], [512 * 1024, '512 KiB'], [5 * 1024 ** 3, '5.0 GiB']])('%s bytes', (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it('has no percentage of nothing', () => {
    expect(percent(1, 0)).toBe(0);
    expect(percent(3, 2)).toBe(100);
  });
});

describe('times', () => {
  it.each([[12, '12 ms'], [3210, '3.2 s'], [45_000, '45 s'], [250_000, '4 min 10 s'], [7_500_000, '2 h 5 min'], [86_400_000, '1 d']])('lasts %i ms', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it.each([[0, 'now'], [12, '12 s ago'], [300, '5 min ago'], [7200, '2 h ago'], [86_400 * 4, '4 d ago'], [86_400 * 365, '12 months ago'], [-60, 'in 60 s']])('%i s before', (seconds, text) => {
    expect(ago(NOON - seconds * 1000, NOON)).toBe(text);
  });

  it('writes UTC', () => {
    expect(clock(NOON)).toBe('12:00:00');
    expect(stamp(NOON)).toBe('2026-08-07 12:00:00');
    expect(shortStamp(NOON, NOON + 1000)).toBe('12:00:00');
    expect(shortStamp(NOON, NOON + 86_400_000)).toBe('2026-08-07 12:00');
    expect(stamp(NaN)).toBe('');
  });

  it('labels an axis by the length of its buckets', () => {
    expect(axisLabel(NOON, 60)).toBe('12:00');
    expect(axisLabel(Date.UTC(2026, 7, 7), 3600)).toBe('08-07');
    expect(axisLabel(NOON, 86_400)).toBe('2026-08-07');
  });
});
