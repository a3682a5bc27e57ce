import { expect, it } from 'vitest';
import { contentColumns, emailColumns } from '../../lib/store/emails/columns.ts';
import { parseEmailRequest } from './email-request.ts';
import { toNewEmail } from './new-email.ts';

it('fills every column that a new email brings, and no other', () => {
  const body = { from: 'a@example.com', to: 'b@example.com', subject: 's', text: 't' };
  const request = { ...parseEmailRequest(body, new Date()), subject: 's', template: undefined };
  const given = Object.entries(emailColumns).flatMap(([name, column]) => (column.given === null ? [] : [name]));
  const columns = [...given, ...Object.keys(contentColumns)];
  expect(Object.keys(toNewEmail(request, '00-1-2-01')).toSorted()).toEqual(columns.toSorted());
});
