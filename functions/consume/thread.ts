// The program of the thread of consume: the text of HTML.
import { serveWork } from '../../lib/http/work-thread.ts';
import { textOfHtml } from '../../lib/mail/text-of-html.ts';

serveWork({ textOfHtml });
