// The Liquid engine (liquidjs) with limits: no files, no templates from data, bounded time and size.
import {
  AssignTag,
  CaptureTag,
  Context,
  type Emitter,
  type FilterImplOptions,
  filters,
  Liquid,
  type LiquidOptions,
  type Template,
  type Value,
} from 'liquidjs';
import { dateFilters, type Zoned } from './date-filters.ts';
import type { TimeZone } from './time-zones.ts';

/** Milliseconds that one part may take; a usual one takes less than 1 ms. Other requests wait meanwhile. */
const maxRenderMs = 250;
/** Characters and list entries that rendering one part may produce, with its output: several times the largest part. */
const maxMade = 2_000_000;
/** Characters and entries of a value that enters a filter or the output. A list may hold the same list many times. */
const maxValue = 1_000_000;

/** Tags that read other templates (there are none here) or contain Liquid of their own. */
const refusedTags = ['include', 'render', 'layout', 'block', 'liquid'];

type FilterHandler = Extract<FilterImplOptions, (...args: never[]) => unknown>;
type FilterThis = ThisParameterType<FilterHandler>;

/** With `escapes`, values are escaped for HTML, except through `raw`. */
export function createEngine({ escapes }: { escapes: boolean }): Liquid {
  const options: LiquidOptions = {
    strictFilters: true,
    strictVariables: true,
    // A variable in a condition, or with a default, may be missing.
    lenientIf: true,
    ownPropertyOnly: true,
    locale: 'en-US',
    // No template can be found.
    templates: {},
    memoryLimit: maxMade,
    renderLimit: maxRenderMs,
    // liquidjs calls it with the filter's `this`, which the type lacks.
    outputEscape: (escapes ? escapeOutput : textOutput) as (value: unknown) => string,
  };
  const liquid = new Liquid(options);
  for (const name of refusedTags) delete liquid.tags[name];
  liquid.registerTag('assign', StrictAssign);
  liquid.registerTag('capture', StrictCapture);
  for (const [name, filter] of Object.entries<FilterImplOptions>({ ...filters, ...dateFilters })) {
    // where_exp and its like parse a string as Liquid, and the string could come from data.
    if (name.endsWith('_exp')) liquid.unregisterFilter(name);
    else liquid.registerFilter(name, bounded(filter, escapes && safeFilters[name]));
  }
  const { renderer } = liquid;
  const render = renderer.renderTemplates.bind(renderer);
  renderer.renderTemplates = (templates, context, emitter = new BoundedEmitter(context)) =>
    render(templates, context, emitter);
  return liquid;
}

/**
 * liquidjs lets a missing variable pass here, which would hide that it is missing. This tag throws, and sets the assigned name to
 * null, so that the name itself is not reported as missing from `data`.
 */
class StrictAssign extends AssignTag {
  override *render(context: Context): Generator<unknown, void, unknown> {
    const { key, value } = this as unknown as { key: string; value: Value };
    try {
      setName(context, key, yield value.value(context, false));
    } catch (error) {
      setName(context, key, null);
      throw error;
    }
  }
}

class StrictCapture extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    try {
      yield* super.render(context);
    } catch (error) {
      setName(context, (this as unknown as { variable: string }).variable, null);
      throw error;
    }
  }
}

function setName(context: Context, name: string, value: unknown): void {
  (context.bottom() as Record<string, unknown>)[name] = value;
}

/** Filters that return HTML, so that `{{ name | escape }}` is escaped only once. */
const safeFilters: Record<string, FilterHandler | undefined> = {
  escape: handlerOf('escape'),
  escape_once: handlerOf('escape_once'),
  xml_escape: handlerOf('xml_escape'),
  newline_to_br(value) {
    return handlerOf('newline_to_br').call(this, handlerOf('escape').call(this, value));
  },
};

function handlerOf(name: string): FilterHandler {
  const filter = filters[name];
  if (typeof filter === 'function') return filter;
  throw new Error(`liquidjs has no filter ${name}`);
}

/** The filter, with a check of the time and of the size of its input. */
function bounded(filter: FilterImplOptions, safe: FilterHandler | undefined | false): FilterImplOptions {
  const handler = safe || (typeof filter === 'function' ? filter : filter.handler);
  return {
    raw: Boolean(safe) || (typeof filter !== 'function' && filter.raw),
    handler(this: FilterThis, value: unknown, ...args: unknown[]) {
      checkTime(this.context);
      measure([value, ...args], maxValue);
      return handler.call(this, value, ...args);
    },
  };
}

function escapeOutput(this: FilterThis, value: unknown): string {
  measure(value, maxValue);
  return handlerOf('escape').call(this, value);
}

function textOutput(this: FilterThis, value: unknown): unknown {
  measure(value, maxValue);
  return value;
}

function checkTime(context: Context): void {
  context.renderLimit.check(performance.now());
}

/** Returns what the value leaves of `left`. Counts shared parts each time they occur. Throws when the value is too large. */
function measure(value: unknown, left: number): number {
  let remaining = left - 1 - (typeof value === 'string' ? value.length : 0);
  if (remaining < 0) throw new RangeError('value too large');
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) remaining = measure(inner, remaining);
  }
  return remaining;
}

/** Counts the output against `memoryLimit`. */
class BoundedEmitter implements Emitter {
  buffer = '';
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  write(value: unknown): void {
    measure(value, maxValue);
    const text = asText(value);
    this.#context.memoryLimit.use(text.length);
    this.buffer += text;
  }
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.map(asText).join('') : String(value);
}

/** Reads `data`, checks the time, and notes the path of each missing variable. */
class DataContext extends Context implements Zoned {
  timeZone: TimeZone = 'UTC';

  override *_get(paths: PropertyKey[] & Parameters<Context['_get']>[0]): IterableIterator<unknown> {
    checkTime(this);
    try {
      return yield* super._get(paths) as Generator<unknown>;
    } catch (error) {
      if (error instanceof Error) Object.assign(error, { missingPath: this.#pathOf(paths) });
      throw error;
    }
  }

  /** Filters such as `where` read a property of each entry of a list; an entry without it does not match. */
  override spawn(scope: object = {}): Context {
    const { memoryLimit, renderLimit, liquid } = this;
    const options = { sync: this.sync, globals: {}, strictVariables: false, ownPropertyOnly: true };
    return new Context(scope, this.opts, options, { memoryLimit, renderLimit, liquid });
  }

  /** The path as in `data.items[2].name`, also when the template says `item.name` in a loop. */
  #pathOf([root, ...properties]: unknown[]): string {
    const scopes = (this as unknown as { scopes: Record<string, unknown>[] }).scopes;
    const scope = scopes.findLast((candidate) => String(root) in candidate);
    const loop = scope && ((scope.forloop ?? scope.tablerowloop) as { name: string; index0(): number } | undefined);
    const list = loop?.name.slice(String(root).length + 1);
    const start = list === undefined || loop === undefined ? String(root) : `${list}[${loop.index0()}]`;
    return properties.reduce<string>(
      (path, property) => (typeof property === 'number' ? `${path}[${property}]` : `${path}.${property}`),
      scope === undefined || list !== undefined ? `data.${start}` : start,
    );
  }
}

/** Renders a part. `withinMs` shortens the time that it may take, dates are of `timeZone`. Throws what liquidjs throws: all errors of the part at once. */
export function run(
  liquid: Liquid,
  template: Template[],
  data: object,
  { withinMs, timeZone }: { withinMs: number; timeZone: TimeZone },
): string {
  const options = { sync: true, renderLimit: Math.min(withinMs, maxRenderMs) };
  // A copy, because `increment` writes to it. Without a prototype, so that only its own properties are found.
  const environment = Object.assign(Object.create(null), data);
  const context = new DataContext(environment, { ...liquid.options, catchAllErrors: true } as never, options, {
    liquid,
  });
  context.timeZone = timeZone;
  return liquid.renderSync(template, context as never);
}
