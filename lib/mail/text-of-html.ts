// Makes the text part of an email that has only HTML: for readers without HTML, and for filters that distrust mail without text.
import { compile, type FormatCallback } from 'html-to-text';
import { visibleHtml } from './visible-html.ts';

/** Limits of the HTML. If it is larger or nested deeper, the email gets no text: reading it would delay all other emails. */
const maxHtml = 200_000;
const maxDepth = 150;
/** Most children of one element that are read; `…` replaces the others. */
const limits = { maxChildNodes: 10_000, ellipsis: '…' };

/** The text of an image is its `alt`; its URL helps nobody. */
const image: FormatCallback = (element, _walk, builder) => {
  const alt = element.attribs?.alt;
  if (!alt) return;
  keepApart(element, builder);
  builder.addInline(alt);
};

const link: FormatCallback = (element, walk, builder, options) => {
  keepApart(element, builder);
  builder.options.formatters?.anchor?.(element, walk, builder, options);
};

/** Buttons and pictures side by side have space around them, though none in their text. */
function keepApart(element: Parameters<FormatCallback>[0], builder: Parameters<FormatCallback>[2]): void {
  const { prev } = element as { prev?: { name?: string } | null };
  if (prev?.name === 'a' || prev?.name === 'img') builder.addInline(' ');
}

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

/** A cell is apart from the one before it in its row; blocks in it begin lines by themselves. */
const cell: FormatCallback = (element, walk, builder) => {
  builder.addInline(' ');
  walk(element.children, builder);
  builder.addInline(' ');
};

/** Elements on lines of their own that html-to-text takes for parts of a line. */
const ownLines = [
  ...['tr', 'caption', 'dl', 'dt', 'dd', 'address', 'figure', 'figcaption', 'fieldset', 'legend', 'details', 'summary'],
  ...['center', 'option', 'hgroup', 'dialog', 'search', 'menu', 'li', 'optgroup'],
];
const aLine = { leadingLineBreaks: 1, trailingLineBreaks: 1 };

let convert: ((html: string) => string) | undefined;

/** Undefined if there is nothing to read, or too much. Links keep their URLs: `text [https://…]`. */
export function textOfHtml(html: string): string | undefined {
  const visible = html.length > maxHtml ? undefined : visibleHtml(html, maxDepth);
  if (visible === undefined) return undefined;
  // Compiled once, when first needed.
  convert ??= compile({
    // Mail programs wrap lines to their own width.
    wordwrap: false,
    limits,
    formatters: { image, link, countedList: orderedList, cell },
    selectors: [
      ...ownLines.map((selector) => ({ selector, format: 'block', options: aLine })),
      { selector: 'table', format: 'block', options: { leadingLineBreaks: 2, trailingLineBreaks: 2 } },
      ...['td', 'th'].map((selector) => ({ selector, format: 'cell' })),
      { selector: 'img', format: 'image' },
      { selector: 'ol', format: 'countedList' },
      { selector: 'a', format: 'link', options: { hideLinkHrefIfSameAsText: true } },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ],
  });
  try {
    return withoutFiller(convert(visible)).trim() || undefined;
  } catch {
    // If the converter fails, the email goes without a text, as when it is too large: the HTML says it all.
    return undefined;
  }
}

/** Characters without width that nobody needs to read a text: soft hyphens, and what fills the preview line of an email. */
const neverNeeded = /\u034f|[\u00ad\u180e\u2060-\u2064\ufeff]/g;
/** Those that join and part letters, with the spaces between and behind them. */
const joiners = /[\u200b-\u200d][\u200b-\u200d \u00a0\u2007]*/g;

/** In a row, or beside a space, they mean nothing. */
function withoutJoiners(run: string, at: number, line: string): string {
  if ((run.match(/[\u200b-\u200d]/g)?.length ?? 0) > 1) return ' ';
  const isSpace = (character: string | undefined) => character === undefined || /\s/.test(character);
  const isBesideSpace = isSpace(line[at - 1]) || isSpace(line[at + 1]);
  return isBesideSpace ? ` ${run.slice(1)}` : run;
}

function withoutFiller(text: string): string {
  const lines = text.split('\n').map((line) => {
    const kept = line.replace(neverNeeded, '').replace(joiners, withoutJoiners);
    return kept === line ? line : kept.replace(/ {2,}/g, ' ').trimEnd();
  });
  const kept = lines.join('\n');
  return kept === text ? text : kept.replace(/\n{3,}/g, '\n\n');
}
