// The style sheet of the reference page: its hash is in the page's Content-Security-Policy.

export const style = `
:root { color-scheme: light dark; --line: #d8dde3; --soft: #f5f7f9; --quiet: #57606a; --link: #0b5cad; --text: #1b1f24; --back: #fff }
@media (prefers-color-scheme: dark) {
  :root { --line: #343b44; --soft: #1b2026; --quiet: #9aa4af; --link: #6cb2ff; --text: #e4e8ec; --back: #121519 }
}
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back) }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
code, pre { font: .875em/1.5 ui-monospace, Menlo, Consolas, monospace }
code { overflow-wrap: anywhere }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1rem; border-right: 1px solid var(--line); background: var(--soft); font-size: .875rem }
nav summary { font-weight: 700; font-size: 1rem; color: inherit }
nav h2 { margin: 1rem 0 .25rem; font-size: .75rem; text-transform: uppercase; letter-spacing: .05em; color: var(--quiet) }
nav ul { margin: 0; padding: 0; list-style: none }
nav li { padding: .1rem 0; overflow-wrap: anywhere }
nav p { margin: .25rem 0 }
main { max-width: 58rem; padding: 1rem 2.5rem 6rem }
section > h2 { margin-top: 3rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line) }
article { margin: 2rem 0; padding-bottom: 1.5rem; border-bottom: 1px dashed var(--line) }
h3 { margin: 0 0 .5rem; font-size: 1.125rem }
h3 a { color: inherit }
h3 span { font-weight: 400; color: var(--quiet) }
h4 { margin: 1.25rem 0 .25rem }
article p { margin: .5rem 0 }
.needs, small { color: var(--quiet); font-size: .875rem }
.type { display: block; color: var(--quiet); font-size: .875rem }
.variant { margin-top: 1rem }
.method { display: inline-block; min-width: 3.4em; padding: 0 .4em; border-radius: 3px; font: 700 .72rem/1.6 ui-monospace, Menlo, Consolas, monospace; text-align: center; color: #fff; background: #57606a }
.get { background: #0b6e4f }
.post { background: #0b5cad }
.patch, .put { background: #8a5a00 }
.delete { background: #b3261e }
table { width: 100%; border-collapse: collapse; font-size: .9375rem }
td { padding: .4rem .5rem .4rem 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
td:first-child { width: 30% }
td table { margin-top: .5rem }
.required { color: #d1242f }
pre { margin: .25rem 0; padding: .75rem; border: 1px solid var(--line); border-radius: 4px; background: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere }
summary { color: var(--quiet); font-size: .875rem; cursor: pointer }
.answer > summary { padding: .3rem 0; color: inherit; font-size: inherit }
.answer[open] { padding-bottom: .75rem }
.s2, .s3 { color: #1a7f37 }
.s4, .s5 { color: #cf222e }
:target { outline: 2px solid var(--link); outline-offset: .5rem }
@media (max-width: 60rem) {
  body { display: block }
  nav { position: static; height: auto; max-height: 50vh; border-right: 0; border-bottom: 1px solid var(--line) }
  main { padding: 1rem 1rem 4rem }
  td { display: block; width: auto; padding-right: 0 }
  td:first-child { width: auto; padding-bottom: 0 }
  td + td { border-top: 0; padding-top: 0 }
}
@media print { nav { display: none } body { display: block } }
`;
