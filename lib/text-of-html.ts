// The text part of an email that was given HTML alone: for readers without HTML, and for filters that mistrust mail without text.
import { compile, type FormatCallback } from 'html-to-text';

/** Characters of HTML. What is larger goes without a text, as reading it would hold up all other emails. */
const maxHtml = 500_000;
/** Elements that may be open at once. The parser takes time that grows with the square of it. */
const maxOpen = 300;
/** Items of one element, and levels, that are read; `…` stands for the others. */
const limits = { maxDepth: 150, maxChildNodes: 10_000, ellipsis: '…' };

/** Elements that hold nothing, or are closed by the next of their kind. */
const notNested = new Set(
  'area base br col embed hr img input link meta param source track wbr p li dt dd tr td th option'.split(' '),
);

/** An image says what its `alt` says; its address helps nobody. */
const image: FormatCallback = (element, _walk, builder) => {
  const alt = element.attribs?.alt;
  if (alt) builder.addInline(alt);
};

let convert: ((html: string) => string) | undefined;

/** Undefined where there is nothing to read, or too much. Links keep their addresses: `text [https://…]`. */
export function textOfHtml(html: string): string | undefined {
  if (html.length > maxHtml || opensMore(html, maxOpen)) return undefined;
  // Compiled once, and not before it is needed.
  convert ??= compile({
    // Mail programs wrap lines to their own width.
    wordwrap: false,
    limits,
    formatters: { image },
    selectors: [
      ...['style', 'script', 'title', 'head', 'template'].map((selector) => ({ selector, format: 'skip' })),
      { selector: 'img', format: 'image' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ],
  });
  return convert(html).trim() || undefined;
}

/** Whether more than `max` elements are open at some place; roughly, but never too few. */
function opensMore(html: string, max: number): boolean {
  let open = 0;
  for (const [, slash, name = ''] of html.matchAll(/<(\/?)([a-z][^\s/>]*)/gi)) {
    if (notNested.has(name.toLowerCase())) continue;
    open = slash ? Math.max(open - 1, 0) : open + 1;
    if (open > max) return true;
  }
  return false;
}
