import { expect, it } from 'vitest';
import { transitions } from '../../lib/store/emails/transitions.ts';
import { diagram, withDiagram } from './transition-diagram.ts';

it('has an arrow for each transition, with its mover', () => {
  const lines = diagram().split('\n');
  for (const { from, to, by } of transitions) {
    for (const each of from) {
      const arrow = lines.find((line) => line.startsWith(`  ${each ?? '[*]'} --> ${to}: `));
      expect(arrow?.split(/[:,(] ?/).map((word) => word.trim())).toContain(by);
    }
  }
});

it('leaves the text around it', () => {
  const text = '# A\n<!-- transitions -->\nold\n<!-- /transitions -->\nb\n';
  const made = withDiagram(text);
  expect(made.startsWith('# A\n<!-- transitions -->\n```mermaid')).toBe(true);
  expect(made.endsWith('|\n<!-- /transitions -->\nb\n')).toBe(true);
  expect(made).not.toContain('old');
  expect(withDiagram(made)).toBe(made);
  expect(() => withDiagram('no markers')).toThrow('no place');
});
