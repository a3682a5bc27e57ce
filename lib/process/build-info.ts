// Which build this is. esbuild.config.ts puts it into the bundles; from the sources there is none.

declare const EMAIL_API_BUILD: { version: string; commit: string } | undefined;

export const buildInfo = typeof EMAIL_API_BUILD === 'undefined' ? { version: 'none', commit: 'none' } : EMAIL_API_BUILD;
