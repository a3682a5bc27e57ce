// Group commit on the broker: ids for one queue in one turn of the event loop share a message. A single id does not wait.
import type { QueueName } from './topology.ts';

/**
 * Most ids of a message. A message costs broker and worker far more than an id in it, and twenty ids a message save nearly all of
 * that. With more, one worker could hold many emails while another has none.
 */
export const maxIds = 20;

/** An id with the trace context (W3C `traceparent`) of what brought it, and the client whose it is, where that is known. */
export interface TracedId {
  id: string;
  traceparent: string | null;
  client?: string | undefined;
}

/** `send` puts a message on a queue and resolves when it is confirmed. The returned function takes one id, and resolves with its message. */
export function groupIds(
  send: (queue: QueueName, ids: readonly TracedId[]) => Promise<void>,
): (queue: QueueName, id: TracedId) => Promise<void> {
  const open = new Map<QueueName, { ids: TracedId[]; sent: Promise<void> }>();

  function begin(queue: QueueName) {
    const ids: TracedId[] = [];
    const sent = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (open.get(queue) === group) open.delete(queue);
      return send(queue, ids);
    });
    const group = { ids, sent };
    open.set(queue, group);
    return group;
  }

  return (queue, id) => {
    const group = open.get(queue) ?? begin(queue);
    group.ids.push(id);
    if (group.ids.length === maxIds) open.delete(queue);
    return group.sent;
  };
}
