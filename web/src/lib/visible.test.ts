import { describe, expect, it } from 'vitest';
import { decodeBase64, escapeOf, piecesOf, piecesOfBytes, plain, plainOf, safeJson } from './visible.ts';

const shown = (text: string): string => plainOf(piecesOf(text));

describe('piecesOf', () => {
  it('leaves ordinary text of any script alone', () => {
    for (const text of ['cat /proc/cpuinfo', 'пароль', '密码', 'مرحبا', 'naïve café', '🐝', '<img src=x onerror=alert(1)>', '']) {
      expect(shown(text)).toBe(text);
      expect(piecesOf(text).some((piece) => piece.escape)).toBe(false);
    }
  });

  it.each([
    ['\x00', '\\x00'],
    ['\x1b[2J', '\\x1b[2J'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\x7f\x9b', '\\x7f\\x9b'],
    ['\u202egpj.exe', '\\u202egpj.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['ro\u200bot', 'ro\\u200bot'],
    ['\ufeff', '\\ufeff'],
    ['a\u00a0b\u3000c', 'a\\xa0b\\u3000c'],
    ['\u2028', '\\u2028'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\u3164', '\\u3164'],
    ['\ud800', '\\ud800'],
    ['\ue000', '\\ue000'],
    ['x\ufe0f', 'x\\ufe0f'],
    ['\ufffd', '\\ufffd'],
  ])('escapes %j', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('says what an escape stands for', () => {
    expect(piecesOf('\u202e')).toEqual([{ text: '\\u202e', escape: true, title: 'right-to-left override (U+202E)' }]);
    expect(piecesOf('\x01')[0]?.title).toBe('character U+0001');
  });

  it('shows two combining marks and escapes the tower above', () => {
    expect(shown('e\u0301\u0302\u0303')).toBe('e\u0301\u0302\\u0303');
  });

  it('is bounded by the limit and never cuts a surrogate pair', () => {
    const line = 'A'.repeat(1024 * 1024);
    expect(shown(line)).toHaveLength(line.length);
    expect(plainOf(piecesOf(line, 100))).toHaveLength(100);
    expect(plainOf(piecesOf('a🐝b', 2))).toBe('a');
    expect(piecesOf('\x1b'.repeat(1_000_000), 64)).toHaveLength(64);
  });
});

describe('piecesOfBytes', () => {
  const of = (...bytes: number[]): string => plainOf(piecesOfBytes(new Uint8Array(bytes)));

  it('decodes UTF-8 and shows every other byte', () => {
    expect(of(0x61, 0xc3, 0xa9, 0xff, 0x62)).toBe('aé\\xffb');
    expect(of(0xf0, 0x9f, 0x90, 0x9d)).toBe('🐝');
    expect(of(0xc3)).toBe('\\xc3');
    expect(of(0xe2, 0x82, 0x41)).toBe('\\xe2\\x82A');
  });

  it('refuses overlong forms, surrogates and numbers beyond Unicode', () => {
    expect(of(0xc0, 0xaf)).toBe('\\xc0\\xaf');
    expect(of(0xe0, 0x80, 0xaf)).toBe('\\xe0\\x80\\xaf');
    expect(of(0xed, 0xa0, 0x80)).toBe('\\xed\\xa0\\x80');
    expect(of(0xf5, 0x80, 0x80, 0x80)).toBe('\\xf5\\x80\\x80\\x80');
  });

  it('escapes controls and marks as in text', () => {
    expect(of(0x1b, 0x5b, 0x41)).toBe('\\x1b[A');
    expect(of(0xe2, 0x80, 0xae)).toBe('\\u202e');
    expect(of(0xef, 0xbb, 0xbf)).toBe('\\ufeff');
  });

  it('stops at the limit', () => {
    expect(piecesOfBytes(new Uint8Array(1_000_000).fill(0xff), 10)).toHaveLength(10);
  });
});

describe('helpers', () => {
  it('decodes base64 or says no', () => {
    expect(decodeBase64('/w==')).toEqual(new Uint8Array([0xff]));
    expect(decodeBase64('%')).toBeNull();
  });

  it('writes escapes that programmers know', () => {
    expect([0x0a, 0x1b, 0x202e, 0x1f41d].map(escapeOf)).toEqual(['\\n', '\\x1b', '\\u202e', '\\u{1f41d}']);
  });

  it('writes JSON that is safe to paste and reads back the same', () => {
    const value = { input: '\u202e\x1b\u{e0041}"\\ é' };
    expect(safeJson(value)).toBe('{"input":"\\u202e\\u001b\\udb40\\udc41\\"\\\\ é"}');
    expect(JSON.parse(safeJson(value))).toEqual(value);
  });

  it('makes one safe line', () => {
    expect(plain('a\nb', 10)).toBe('a\\nb');
    expect(plain('abcdef', 3)).toBe('abc…');
  });
});
