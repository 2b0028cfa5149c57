import { expect, it } from 'vitest';
import { doors } from './status.ts';

it('finds where the services listen, whatever else a status says', () => {
  expect(doors({ services: [{ service: 'telnet', address: '127.0.0.1:2323' }, { service: 'ssh', address: '[::1]:22' }] })).toEqual([
    { service: 'telnet', host: '127.0.0.1', port: '2323' },
    { service: 'ssh', host: '::1', port: '22' },
  ]);
  expect(doors({ listeners: [{ name: 'hub', address: '127.0.0.1:8080' }, {}, null] })).toEqual([]);
  expect(doors(null)).toEqual([]);
});
