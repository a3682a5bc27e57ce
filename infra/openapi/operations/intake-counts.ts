// What became of what was reported, in numbers: answers of all operations that take reports have these fields.
import { count } from './fields.ts';

export const counts = {
  recorded: count('Recipients of whom something new was recorded.'),
  kept: count('The same of emails that are being sent: it counts when the attempt is recorded.'),
  repeated: count('Recipients of whom it had been reported before.'),
  unknown_email: count('What was said of an email that is not known here, or was never sent.'),
  unknown_recipient: count('What was said of somebody to whom the email did not go.'),
};

export const exampleCounts = { recorded: 1, kept: 0, repeated: 0, unknown_email: 0, unknown_recipient: 0 };
