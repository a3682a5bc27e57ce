// Messages of Amazon SNS: proven by the signature over their fields, of a topic that the operator named; subscriptions are confirmed.
import { verify } from 'node:crypto';
import { parseJson } from '../../../lib/http/body.ts';
import type { Log } from '../../../lib/process/log.ts';
import { type Fields, fieldsOf, textOf } from './fields.ts';
import { badSignature, checkAge, type EventCall, EventRefusal, headerOf } from './provider.ts';
import { createCertificates } from './sns-certificates.ts';
import { createAsk, type Fetch } from './sns-fetch.ts';
import { certificateUrl, confirmationUrl } from './sns-hosts.ts';

/** SNS repeats a message with the signature of its first try, for up to an hour. */
const mostAgeMs = 3_600_000;

/** Fields that are signed, by type, in this order, each as a line of its name and a line of its value (Subject only where there is one). */
const confirmed = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
const signedFields: Record<string, readonly string[]> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: confirmed,
  UnsubscribeConfirmation: confirmed,
};
const digests = new Map([
  ['1', 'RSA-SHA1'],
  ['2', 'RSA-SHA256'],
]);

export interface SnsOptions {
  topics: readonly string[];
  log: Log;
  fetch?: Fetch;
  now?: () => number;
}

/** The returned function resolves with the text of a notification; undefined: the message was about the subscription. */
export function createSns({ topics, log, fetch = globalThis.fetch, now = Date.now }: SnsOptions) {
  const ask = createAsk(fetch);
  const certificateAt = createCertificates(ask, now);

  /** What costs nothing is looked at first: a stranger gets us to ask SNS only by naming a topic of ours. */
  async function proven(call: EventCall): Promise<Fields> {
    if (headerOf(call, 'x-amz-sns-rawdelivery') === 'true')
      throw new EventRefusal('signature', 'Raw messages have no signature: turn raw message delivery off.');
    const message = fieldsOf(parseJson(call.body));
    const topicArn = textOf(message.TopicArn) ?? '';
    const digest = digests.get(textOf(message.SignatureVersion) ?? '');
    if (!topics.includes(topicArn)) throw new EventRefusal('topic', 'Nobody here takes messages of this topic.');
    const text = signedText(message);
    const address = certificateUrl(textOf(message.SigningCertURL) ?? '', topicArn);
    const signature = Buffer.from(typeof message.Signature === 'string' ? message.Signature : '', 'base64');
    if (text === undefined || digest === undefined || address === undefined || signature.length === 0)
      throw badSignature();
    checkAge(Date.parse(textOf(message.Timestamp) ?? ''), now(), mostAgeMs);
    const { publicKey } = await certificateAt(address);
    if (!verify(digest, Buffer.from(text), publicKey, signature)) throw badSignature();
    return message;
  }

  return async (call: EventCall): Promise<string | undefined> => {
    const { Type, Message, TopicArn, SubscribeURL } = await proven(call);
    const topic = String(TopicArn);
    if (Type === 'Notification') return String(Message);
    if (Type === 'UnsubscribeConfirmation') {
      log.warn('Amazon SNS sends no more: the subscription was ended', { topic });
      return undefined;
    }
    const address = confirmationUrl(String(SubscribeURL), topic);
    if (address === undefined) throw badSignature();
    await ask(address);
    log.info('subscribed to a topic of Amazon SNS', { topic });
    return undefined;
  };
}

/** Undefined: a field is missing, or the type is none of ours. */
export function signedText(message: Fields): string | undefined {
  const type = textOf(message.Type) ?? '';
  const names = Object.hasOwn(signedFields, type) ? signedFields[type] : undefined;
  const given = names?.filter((name) => name !== 'Subject' || typeof message.Subject === 'string');
  if (given === undefined || !given.every((name) => typeof message[name] === 'string')) return undefined;
  return given.map((name) => `${name}\n${message[name]}\n`).join('');
}
