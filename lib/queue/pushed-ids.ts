// Reads what hosts push: queue messages, in the wrappings of CloudEvents, Google's Pub/Sub, Lambda's RabbitMQ and Azure's invocations.
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, type Fault } from '../http/errors.ts';
import { mediaType } from '../http/media-type.ts';
import { maxFaults } from '../http/request-body.ts';
import { isObject } from '../http/select-schema.ts';
import { readIds } from './queue-message.ts';

export const structured = 'application/cloudevents+json';
export const batched = 'application/cloudevents-batch+json';

export interface Pushed {
  ids: string[];
  /** Of messages without an id of ours. */
  faults: Fault[];
  /** Whether it is an invocation of Azure's host, which wants an answer of its own. */
  isInvocation: boolean;
}

/** A message, and where it stood. */
interface Message {
  path: string;
  said: unknown;
}

/** Ids of a push: as many as Lambda's usual batch of 100 messages has of those that we write. */
const mostIds = 2_000;
/** A message within JSON text within base64, and one more: nobody wraps it deeper. */
const mostWraps = 4;

/** Throws `validation_error` where nothing of it is a message. `what` the ids are of. */
export function readPushed(body: unknown, headers: IncomingHttpHeaders, what: string): Pushed {
  const { messages, isInvocation = false } = messagesOf(body, mediaType(headers));
  const ids = new Set<string>();
  const faults: Fault[] = [];
  for (const { path, said } of messages) {
    const found = idsIn(said, mostWraps);
    for (const id of found ?? []) ids.add(id);
    if (found === undefined && faults.length < maxFaults)
      faults.push({ path, message: `must be {"id": "<id of the ${what}>"}` });
    if (ids.size > mostIds) throw invalid(`A push may have ${mostIds} ids at most.`);
  }
  return { ids: [...ids], faults, isInvocation };
}

function messagesOf(body: unknown, type: string): { messages: Message[]; isInvocation?: boolean } {
  if (type === batched) {
    if (!Array.isArray(body)) throw invalid('A batch of CloudEvents must be a list.');
    return { messages: body.map((event, index) => ofEvent(event, `[${index}].`)) };
  }
  if (type === structured) return { messages: [ofEvent(body, '')] };
  if (!isObject(body)) return { messages: [{ path: '', said: body }] };
  const { rmqMessagesByQueue: byQueue, Data, Metadata } = body;
  if (isObject(byQueue)) return { messages: Object.entries(byQueue).flatMap(ofQueue) };
  if (isObject(Data) && isObject(Metadata)) {
    const messages = Object.entries(Data).map(([name, said]) => ({ path: `Data.${name}`, said }));
    return { messages, isInvocation: true };
  }
  return { messages: [{ path: isPubSub(body) ? 'message.data' : '', said: body }] };
}

function ofEvent(event: unknown, path: string): Message {
  if (!isObject(event)) return { path, said: undefined };
  if (event.data_base64 !== undefined) return { path: `${path}data_base64`, said: event.data_base64 };
  return { path: `${path}data`, said: event.data };
}

function ofQueue([queue, messages]: [string, unknown]): Message[] {
  if (!Array.isArray(messages)) return [{ path: `rmqMessagesByQueue.${queue}`, said: undefined }];
  return messages.map((message, index) => ({
    path: `rmqMessagesByQueue.${queue}[${index}].data`,
    said: isObject(message) ? message.data : undefined,
  }));
}

/** Within a CloudEvent, too: so it comes from Eventarc. */
function isPubSub(said: object): said is { message: { data?: unknown } } {
  return 'message' in said && isObject(said.message);
}

/** Text is JSON, or base64 of JSON: both have been seen where the other one is documented. */
function idsIn(said: unknown, wraps: number): string[] | undefined {
  if (wraps === 0) return undefined;
  if (typeof said === 'string') return idsIn(parsed(said) ?? parsed(decoded(said)), wraps - 1);
  if (isObject(said) && isPubSub(said)) return idsIn(said.message.data, wraps - 1);
  return readIds(said);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

function invalid(message: string): ApiError {
  return new ApiError('validation_error', message);
}
