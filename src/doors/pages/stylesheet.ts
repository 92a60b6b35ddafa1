/** Everything a page looks like. Light and dark from the same names, following the system. */
export const STYLESHEET = `:root {
  color-scheme: light dark;
  --ground: light-dark(#fbfbfa, #14161a); --raised: light-dark(#ffffff, #1b1e24); --line: light-dark(#dcdcd8, #30353e);
  --ink: light-dark(#1b1d21, #e7e8ea); --quiet: light-dark(#5c6068, #a2a8b3); --link: light-dark(#1d4fa8, #8ab4f8);
  --allow: light-dark(#17693a, #6fce93); --deny: light-dark(#a3211b, #ff8f86); --hold: light-dark(#7a4d00, #f0bb5b);
  --mark: light-dark(#ffe9a8, #5a4500); --mark-ink: light-dark(#5a3d00, #ffe9a8); --focus: light-dark(#1d4fa8, #8ab4f8);
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 14px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 8px; top: 8px; background: var(--raised); padding: 8px; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 8px 16px; }
header { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; justify-content: space-between; border-bottom: 1px solid var(--line); }
header nav { display: flex; gap: 12px; align-items: center; }
.brand { font-weight: 650; color: inherit; text-decoration: none; }
footer { color: var(--quiet); font-size: 13px; border-top: 1px solid var(--line); margin-top: 32px; }
h1 { font-size: 20px; line-height: 1.3; margin: 16px 0 8px; } h2 { font-size: 15px; margin: 24px 0 8px; }
p { margin: 8px 0; } .lead { font-size: 16px; max-width: 60rem; }
.quiet { color: var(--quiet); }
td code { overflow-wrap: anywhere; }
code, pre, .exact { font: 13px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.exact { direction: ltr; unicode-bidi: isolate; white-space: break-spaces; overflow-wrap: anywhere; word-break: break-all; line-break: anywhere;
  background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 12px; margin: 8px 0; }
bdi { unicode-bidi: isolate; }
.mark { background: var(--mark); color: var(--mark-ink); border-radius: 3px; padding: 0 1px; font-family: ui-monospace, monospace; font-size: 12px; }
.gap { background: repeating-linear-gradient(90deg, transparent 0 3px, var(--line) 3px 5px); white-space: break-spaces; }
.lines { margin: 4px 0 12px; padding-left: 3.5em; } .lines li::marker { color: var(--quiet); font-size: 12px; }
.lines code { white-space: break-spaces; overflow-wrap: anywhere; }
dl { margin: 8px 0; } dt { color: var(--quiet); } dd { margin: 0 0 8px; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: 4px 16px; } .facts dd { margin: 0; }
.arguments dt { font-family: ui-monospace, monospace; color: inherit; font-weight: 600; }
table { width: 100%; border-collapse: collapse; } caption { text-align: left; color: var(--quiet); padding: 4px 0; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th { font-weight: 550; color: var(--quiet); font-size: 13px; }
.scroll { overflow-x: auto; }
.verdict { white-space: nowrap; font-weight: 600; } .allow { color: var(--allow); } .deny { color: var(--deny); } .hold { color: var(--hold); }
.card { background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; margin: 8px 0; }
.cards { list-style: none; margin: 0; padding: 0; }
.alert { border: 1px solid var(--deny); border-left-width: 4px; border-radius: 6px; padding: 8px 12px; }
form.answer, form.sign-in { display: grid; gap: 12px; max-width: 36rem; }
label { display: grid; gap: 4px; font-weight: 550; } label .quiet { font-weight: 400; }
input, textarea { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 6px; padding: 10px; width: 100%; }
button { font: inherit; font-weight: 600; min-height: 44px; padding: 8px 16px; border-radius: 6px; border: 1px solid var(--quiet); background: var(--raised); color: inherit; cursor: pointer; }
button.allow { border-color: var(--allow); color: var(--allow); } button.deny { border-color: var(--deny); color: var(--deny); }
button.plain { min-height: 32px; padding: 4px 10px; font-weight: 400; }
.buttons { display: flex; flex-wrap: wrap; gap: 12px; }
@media (max-width: 40rem) { .scroll table { min-width: 52rem; } .scroll td code { overflow-wrap: normal; } .facts { grid-template-columns: 1fr; } .facts dt { margin-top: 8px; } .buttons button { flex: 1 1 100%; } }
@media (prefers-reduced-motion: no-preference) { a, button { transition: color 0.1s; } }
@media (forced-colors: active) { .mark { border: 1px solid; } }
`;

export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#1d4fa8" d="M8 1l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V3z"/><path fill="none" stroke="#fff" stroke-width="1.6" d="M5 8l2 2 4-4"/></svg>';
