// The program of the threads of send: reading large bodies, rendering templates, composing previews.
import { serveWork } from '../../lib/http/work-thread.ts';
import { composePreview } from './preview-task.ts';
import { readTasks } from './read-request.ts';
import { render } from './render-task.ts';

serveWork({ ...readTasks, render, composePreview });
