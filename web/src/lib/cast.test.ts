import { describe, expect, it } from 'vitest';
import { shorten } from './cast.ts';

const CAST = '{"version":2,"width":80,"height":24}\n[1.0,"o","a"]\n[61.0,"o","b"]\n[62.0,"i","c"]\n';

describe('shorten', () => {
  const short = shorten(CAST);

  it('cuts waits to two seconds and leaves the rest', () => {
    expect(short.text).toBe('{"version":2,"width":80,"height":24}\n[1.000000,"o","a"]\n[3.000000,"o","b"]\n[4.000000,"i","c"]\n');
  });

  it('translates both ways', () => {
    expect(short.toPlayer(61)).toBeCloseTo(3);
    expect(short.toPlayer(31)).toBeCloseTo(2);
    expect(short.toReal(3)).toBeCloseTo(61);
    expect(short.toReal(short.toPlayer(61.5))).toBeCloseTo(61.5);
    expect(short.toPlayer(0)).toBe(0);
  });

  it('never goes back and never far beyond the end', () => {
    expect(short.toPlayer(1e9)).toBeLessThanOrEqual(6);
    expect(shorten('{}\n[5,"o","x"]\n[3,"o","y"]\n').text).toContain('[2.000000,"o","y"]');
  });

  it('ends before a line that is still being written', () => {
    expect(shorten(CAST + '[63.0,"o","hal').text).toBe(short.text);
    expect(shorten('').text).toBe('\n');
  });

  it('gives a window that was never told the usual size, and a monstrous one a drawable size', () => {
    expect(shorten('{"version":2,"width":1,"height":1}\n').text).toContain('"width":80,"height":24');
    expect(shorten('{"width":0,"height":65535}\n').text).toContain('"width":80,"height":120');
    expect(shorten('{}\n[1,"r","65535x65535"]\n[2,"r", "0x0"]\n').text).toContain('[1.000000,"r","300x120"]\n[2.000000,"r","80x24"]');
  });
});
