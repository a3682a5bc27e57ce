// The part of an email's HTML that a reader sees, with what its text needs: no styles, no scripts, nothing hidden.
import { Parser } from 'htmlparser2';
import { effectsOf } from './hidden-styles.ts';
import { StyleSheet } from './style-sheet.ts';

/** An open element, with what holds for the text in it. */
interface Open {
  isGone: boolean;
  isTiny: boolean;
  isInvisible: boolean;
  /** What closes it in the answer. */
  end: string;
}

/** Elements whose text is not for readers, whatever their style. */
const neverSeen = new Set(['style', 'script', 'title', 'template', 'svg', 'math', 'audio', 'video', 'canvas']);
/** Elements in a line that a style may put on lines of their own. */
const inLine = new Set(['a', 'span', 'b', 'strong', 'i', 'em', 'font', 'label', 'small', 'u']);
const kept = ['href', 'alt', 'start', 'type', 'value'];
const pieceLength = 10_000;

/** Undefined where elements are nested deeper than `maxDepth`: each open element makes the parser slower for every other tag. */
export function visibleHtml(html: string, maxDepth: number): string | undefined {
  const open: Open[] = [{ isGone: false, isTiny: false, isInvisible: false, end: '' }];
  const sheet = new StyleSheet();
  let deepest = 0;
  let css: string | undefined;
  let visible = '';
  const parser = new Parser({
    onopentag(name, attributes) {
      deepest = Math.max(deepest, open.length);
      if (name === 'style') css = '';
      const around = open.at(-1) as Open;
      const { isGone, isTiny, isInvisible, isBlock } = effectsOf(sheet.declaredFor(name, attributes));
      const element: Open = {
        isGone: around.isGone || isGone || 'hidden' in attributes || neverSeen.has(name),
        isTiny: isTiny ?? around.isTiny,
        isInvisible: isInvisible ?? around.isInvisible,
        end: isBlock && inLine.has(name) ? `</${name}></div>` : `</${name}>`,
      };
      open.push(element);
      if (element.isGone || (name === 'img' && element.isInvisible)) return;
      visible +=
        element.end.endsWith('</div>') && name !== 'div' ? `<div>${tag(name, attributes)}` : tag(name, attributes);
    },
    onclosetag(name) {
      if (name === 'style' && css !== undefined) {
        sheet.add(css);
        css = undefined;
      }
      const element = open.length > 1 ? open.pop() : undefined;
      if (element && !element.isGone && !voidElements.has(name)) visible += element.end;
    },
    ontext(text) {
      const { isGone, isTiny, isInvisible } = open.at(-1) as Open;
      if (css !== undefined) css += text;
      else if (!isGone) visible += isTiny || isInvisible ? (/^\s/.test(text) ? ' ' : '') : escaped(text);
    },
  });
  for (let at = 0; at < html.length && deepest <= maxDepth; at += pieceLength)
    parser.write(html.slice(at, at + pieceLength));
  if (deepest > maxDepth) return undefined;
  parser.end();
  return visible;
}

const voidElements = new Set([
  'img',
  'br',
  'hr',
  'wbr',
  'input',
  'meta',
  'link',
  'area',
  'base',
  'col',
  'embed',
  'source',
]);

/** References that a reader of text cannot follow. */
const goesNowhere = /^\s*(javascript|vbscript|data|cid|file):/i;

function tag(name: string, attributes: Record<string, string>): string {
  const said = kept.flatMap((key) => {
    const value = attributes[key];
    return value === undefined || (key === 'href' && goesNowhere.test(value)) ? [] : [` ${key}="${escaped(value)}"`];
  });
  return `<${name}${said.join('')}>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
