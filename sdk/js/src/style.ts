/** The style of the default card. `--qianmian-accent` and `--qianmian-bottom` are the page's to set. */
export const STYLE = `
:host { all: initial; position: fixed; z-index: 2147483000; right: 12px; left: 12px; bottom: var(--qianmian-bottom, 12px);
  display: flex; flex-direction: column; gap: 8px; align-items: center; pointer-events: none;
  font: 14px/1.5 system-ui, sans-serif; --ink: #1f1f1f; --soft: #595959; --paper: #fff; --line: #d9d9d9;
  --accent: var(--qianmian-accent, #c41d3a); color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :host { --ink: #f0f0f0; --soft: #b5b5b5; --paper: #262626; --line: #4a4a4a;
  --accent: var(--qianmian-accent, #ff8b9e); } }
[hidden] { display: none; }
section, .note { box-sizing: border-box; width: 100%; max-width: 420px; padding: 12px 14px; pointer-events: auto;
  color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 12px;
  box-shadow: 0 6px 24px rgb(0 0 0 / 20%); overflow-wrap: anywhere; }
.note { margin: 0; }
.note:empty { display: none; }
.top { display: flex; gap: 8px; align-items: center; }
h2 { flex: 1; margin: 0; font-size: 16px; line-height: 1.4; }
.ad { flex: none; padding: 0 4px; color: var(--soft); font-size: 12px; border: 1px solid var(--line); border-radius: 4px; }
p { margin: 6px 0 0; white-space: pre-line; }
.offer { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: baseline; }
.amount { color: var(--accent); font-size: 20px; font-weight: 700; }
.code { font-family: ui-monospace, monospace; }
.left { color: var(--soft); font-variant-numeric: tabular-nums; }
.small { display: flex; flex-wrap: wrap; gap: 2px 12px; color: var(--soft); font-size: 12px; }
button { font: inherit; color: inherit; background: none; border: 0; cursor: pointer; }
.close { flex: none; min-width: 32px; min-height: 32px; padding: 0; font-size: 18px; }
.out, a.rules { padding: 4px 0; color: var(--soft); text-decoration: underline; }
a.action { display: block; margin-top: 10px; padding: 9px; color: var(--paper); background: var(--accent);
  border-radius: 8px; text-align: center; text-decoration: none; font-weight: 600; }
.list { position: relative; padding: 4px 44px 4px 14px; }
.list .close { position: absolute; top: 2px; right: 6px; }
summary { padding: 6px 0; font-weight: 600; cursor: pointer; }
summary .small { display: inline; margin-left: 6px; font-weight: 400; }
ol { margin: 0; padding: 0 0 6px 20px; max-height: 40vh; overflow-y: auto; }
li { padding: 4px 0; }
li > * { display: inline; margin-right: 8px; padding: 0; }
button.product { text-align: left; text-decoration: underline; }
.price { color: var(--accent); font-weight: 600; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`
