// What a template is: its parts, its name, and its bounds. This file does not load the engine.
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
  /** Used only in some branches, or with a default. */
  optional: string[];
  /** What its client told of them; not there where it told nothing. */
  declared?: DeclaredVariable[];
}

/** A variable as Resend's clients tell of it. */
export interface DeclaredVariable {
  key: string;
  type: 'string' | 'number';
  /** Its value where an email gives none. */
  fallback_value: string | number | null;
}

/** The values of `declared` that an email need not give. */
export function fallbacksOf(declared: readonly DeclaredVariable[]): Record<string, string | number> {
  return Object.fromEntries(
    declared.flatMap(({ key, fallback_value }) => (fallback_value === null ? [] : [[key, fallback_value]])),
  );
}

/** Most characters of a part. Some large mail providers cut off HTML above 102 kB. */
export const maxPart = 200_000;
/** A subject has at most 998 characters; its template may need a few more. */
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
/** Pattern of names; ids match it, too. */
export const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A name goes into paths as it is, and is never taken for an id. */
export function isTemplateName(text: string): boolean {
  return nameForm.test(text) && !isTemplateId(text);
}

export function isTemplateId(text: string): boolean {
  return uuidForm.test(text);
}
