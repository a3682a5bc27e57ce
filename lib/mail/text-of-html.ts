// Makes the text part of an email that has only HTML: for readers without HTML, and for filters that distrust mail without text.
import { compile, type FormatCallback } from 'html-to-text';
import { Parser } from 'htmlparser2';

/** Limits of the HTML. If it is larger or nested deeper, the email gets no text: reading it would delay all other emails. */
const maxHtml = 200_000;
const maxDepth = 150;
/** Most children of one element that are read; `…` replaces the others. */
const limits = { maxChildNodes: 10_000, ellipsis: '…' };

/** The text of an image is its `alt`; its URL helps nobody. */
const image: FormatCallback = (element, _walk, builder) => {
  const alt = element.attribs?.alt;
  if (alt) builder.addInline(alt);
};

/** Limits of html-to-text's list numbers: Roman numerals have no sign for 5,000, letters none for 0. */
const mostNumbered = 3_999;

/** Uses plain numbers where Roman numerals or letters cannot count the items. */
const orderedList: FormatCallback = (element, walk, builder, options) => {
  const { attribs } = element;
  const start = Number(attribs.start || '1');
  const isCountable = Number.isInteger(start) && start >= 1 && start + element.children.length <= mostNumbered;
  if (!isCountable) delete attribs.type;
  if (!Number.isSafeInteger(start)) delete attribs.start;
  builder.options.formatters?.orderedList?.(element, walk, builder, options);
};

let convert: ((html: string) => string) | undefined;

/** Undefined if there is nothing to read, or too much. Links keep their URLs: `text [https://…]`. */
export function textOfHtml(html: string): string | undefined {
  if (html.length > maxHtml || isDeeper(html, maxDepth)) return undefined;
  // Compiled once, when first needed.
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
    // If the converter fails, the email goes without a text, as when it is too large: the HTML says it all.
    return undefined;
  }
}

/**
 * Whether elements are nested deeper than `max`. Uses the same parser as html-to-text, and stops at `max`: each open element makes
 * the parser slower for every other tag, and html-to-text itself would not stop.
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
