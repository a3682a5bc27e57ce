// What a template is: its parts, its name, and how large it may be. Nothing here loads the engine.
import type { Liquid, Template } from 'liquidjs';

/** The parts of a version, in Liquid. Text and HTML may be missing, not both. */
export interface TemplateSource {
  subject: string;
  text: string | null;
  html: string | null;
}

export const templateParts = ['subject', 'text', 'html'] as const;
export type TemplatePart = (typeof templateParts)[number];

/** Variables that a template uses, as paths into `data`: `user.name`. */
export interface TemplateVariables {
  /** Without these, nothing can be rendered. */
  required: string[];
  /** Wanted in some branches only, or there is a default. */
  optional: string[];
}

/** Characters of a part. HTML of more than 102 kB is cut off by large mail programs. */
export const maxPart = 200_000;
/** A subject has 998 characters at most; its template may need some more. */
export const maxSubjectPart = 2_000;

/** Characters of all parts; never 0. */
export function sizeOf({ subject, text, html }: TemplateSource): number {
  return 1 + subject.length + (text?.length ?? 0) + (html?.length ?? 0);
}

/** A part, ready to be rendered. */
export interface ParsedPart {
  liquid: Liquid;
  template: Template[];
}
export type ParsedTemplate = Record<TemplatePart, ParsedPart | null>;
export type RenderedTemplate = Record<TemplatePart, string | null>;

/** What all renderings of one request share. */
export interface RenderBudget {
  msLeft: number;
  charactersLeft: number;
}

/** Characters of a name. */
export const maxName = 100;
/** Of names; ids look like this, too. */
export const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A name goes into paths as it is, and is never taken for an id. */
export function isTemplateName(text: string): boolean {
  return nameForm.test(text) && !isTemplateId(text);
}

export function isTemplateId(text: string): boolean {
  return uuidForm.test(text);
}
