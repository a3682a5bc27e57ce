import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { signatureHeaders } from './sign.ts';

const [one, other, stranger] = ['a', 'b', 'c'].map((letter) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`);
const body = JSON.stringify({ type: 'email.sent', data: { subject: 'Grüße 🎉' } });

it('signs as the reference implementation does', () => {
  const at = new Date(1_674_087_231_999);
  const headers = signatureHeaders('msg_1', at, body, [one ?? '']);
  const signature = new Webhook(one ?? '').sign('msg_1', at, body);
  expect(headers).toEqual({
    ...{ 'webhook-id': 'msg_1', 'webhook-timestamp': '1674087231', 'webhook-signature': signature },
    ...{ 'svix-id': 'msg_1', 'svix-timestamp': '1674087231', 'svix-signature': signature },
  });
});

it('with two secrets, who knows either can verify, and nobody else', () => {
  const headers = signatureHeaders('msg_1', new Date(), body, [one ?? '', other ?? '']);
  expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
  for (const secret of [one, other]) expect(new Webhook(secret ?? '').verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(stranger ?? '').verify(body, headers)).toThrow();
  expect(() => new Webhook(one ?? '').verify(`${body} `, headers)).toThrow();
  expect(() => new Webhook(one ?? '').verify(body, { ...headers, 'webhook-id': 'msg_2' })).toThrow();
});
