// Which styles hide text from a reader: those that emails have for a preview line (preheader), and for one size of screen.

/** What styles do to the text of an element. The second and third pass to what is inside, until that says otherwise. */
export interface Effects {
  /** Nothing in it is seen. */
  isGone: boolean;
  /** Whether letters have no size to speak of; undefined: as around it. */
  isTiny: boolean | undefined;
  isInvisible: boolean | undefined;
  isBlock: boolean;
}

export type Declarations = Map<string, string>;

/** Only what is of use here. `mso-hide` is not: it hides from Outlook alone what others see. */
const known =
  /^(display|visibility|opacity|font|font-size|(max-)?(height|width)|overflow(-[xy])?|text-indent|position|left|top|clip|transform)$/;

/** The declarations of a `style`; later ones win. `importance`: only those that say `!important`, or only the others. */
export function declarationsIn(style: string, importance?: 'important' | 'usual'): Declarations {
  const found: Declarations = new Map();
  for (const declaration of style.split(';')) {
    const colon = declaration.indexOf(':');
    const name = declaration.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (!known.test(name)) continue;
    const [value = '', important] = declaration
      .slice(colon + 1)
      .toLowerCase()
      .split('!', 2);
    if (importance === undefined || (importance === 'important') === (important?.trim() === 'important'))
      found.set(name, value.trim());
  }
  return found;
}

export function effectsOf(declared: Declarations): Effects {
  const is = (name: string, form: RegExp) => form.test(declared.get(name) ?? '');
  const clips = ['overflow', 'overflow-x', 'overflow-y'].some((name) => is(name, /^(hidden|clip)/));
  const isAway = is('position', /^(absolute|fixed)/) && (is('left', away) || is('top', away) || is('clip', /^rect/));
  const size = declared.get('font-size') ?? /(?:^|\s)([\d.]+[a-z%]*)\s*(?:\/|\s)/.exec(declared.get('font') ?? '')?.[1];
  const visibility = declared.get('visibility');
  return {
    isGone:
      is('display', /^none/) ||
      is('opacity', /^(0+|0*\.0+|0%)$/) ||
      is('max-height', nothing) ||
      (clips && ['height', 'width', 'max-width'].some((name) => is(name, nothing))) ||
      is('text-indent', away) ||
      is('transform', /^scale\(0(, ?0)?\)/) ||
      isAway,
    isTiny: size === undefined ? undefined : tininess(size),
    isInvisible: visibility === undefined ? undefined : /^(hidden|collapse)/.test(visibility),
    isBlock: is('display', /^(block|table|flex|grid|list-item)/),
  };
}

const nothing = /^(?:0+|0*\.0+)([a-z]+|%)?$/;
const away = /^-\d{3,}/;

/** Letters of one pixel say nothing. A size that goes by the one around it says nothing of itself. */
function tininess(size: string): boolean | undefined {
  if (nothing.test(size) || /^(0*\.\d+|1(\.0+)?)(px|pt)$/.test(size)) return true;
  return /^[\d.]+(em|%|ex|ch)$/.test(size) || /^(inherit|smaller|larger|unset)$/.test(size) ? undefined : false;
}
