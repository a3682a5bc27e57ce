// The order of the test files: the longest begin first, so that none of them runs alone at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of tens of seconds each. Vitest goes by the size of a file until it knows better, which on a fresh clone it never does. */
const longest = [
  'newcomer',
  'rabbitmq-packages',
  'fairness',
  'large-contents',
  'recordings',
  'admin',
  'failures',
  'refusals',
  'state-walk',
  'openapi',
  'dkim',
  'message',
  'string-bounds',
  'webhooks',
  'check',
  'ci-run',
  'dead-letters',
  'rabbitmq',
  'replay',
  'retention-and-erasure',
  'idempotency-and-schedules',
  'crowd',
  'start',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return place < 0 ? longest.length : place;
}
