// The program of the threads of manage: reading the Liquid of templates.
import { serveWork } from '../../lib/http/work-thread.ts';
import { readLiquid } from './templates/read-liquid.ts';

serveWork({ readLiquid });
