// The text part of an email that was given HTML alone: for readers without HTML, and for filters that mistrust mail without text.
import { compile, type FormatCallback } from 'html-to-text';
import { Parser } from 'htmlparser2';

/** Characters of HTML. What is larger goes without a text, as reading it would hold up all other emails; so does what is nested deeper. */
const maxHtml = 200_000;
const maxDepth = 150;
/** Children of one element that are read. `…` stands for the others. */
const limits = { maxChildNodes: 10_000, ellipsis: '…' };

/** An image says what its `alt` says; its address helps nobody. */
const image: FormatCallback = (element, _walk, builder) => {
  const alt = element.attribs?.alt;
  if (alt) builder.addInline(alt);
};

/** Where html-to-text's numbers end: Roman ones have no sign for 5,000, letters none for 0. */
const mostNumbered = 3_999;

/** Items that Roman numbers or letters cannot count get plain ones. */
const orderedList: FormatCallback = (element, walk, builder, options) => {
  const { attribs } = element;
  const start = Number(attribs.start || '1');
  const isCountable = Number.isInteger(start) && start >= 1 && start + element.children.length <= mostNumbered;
  if (!isCountable) delete attribs.type;
  if (!Number.isSafeInteger(start)) delete attribs.start;
  builder.options.formatters?.orderedList?.(element, walk, builder, options);
};

let convert: ((html: string) => string) | undefined;

/** Undefined where there is nothing to read, or too much. Links keep their addresses: `text [https://…]`. */
export function textOfHtml(html: string): string | undefined {
  if (html.length > maxHtml || isDeeper(html, maxDepth)) return undefined;
  // Compiled once, and not before it is needed.
  convert ??= compile({
    // Mail programs wrap lines to their own width.
    wordwrap: false,
    limits,
    formatters: { image, countedList: orderedList },
    selectors: [
      ...['style', 'script', 'title', 'head', 'template'].map((selector) => ({ selector, format: 'skip' })),
      { selector: 'img', format: 'image' },
      { selector: 'ol', format: 'countedList' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ],
  });
  try {
    return convert(html).trim() || undefined;
  } catch {
    // What the converter cannot read goes without a text, as what is too large does: the HTML says it all.
    return undefined;
  }
}

/**
 * Whether elements are nested deeper than `max`, found with the parser that html-to-text uses: in it each open element makes every
 * other tag slower, so it has to be stopped there, and html-to-text would go on.
 */
function isDeeper(html: string, max: number): boolean {
  let depth = 0;
  let deepest = 0;
  const parser = new Parser({
    onopentag() {
      depth += 1;
      deepest = Math.max(deepest, depth);
    },
    onclosetag() {
      depth -= 1;
    },
  });
  for (let at = 0; at < html.length && deepest <= max; at += 10_000) parser.write(html.slice(at, at + 10_000));
  return deepest > max;
}
