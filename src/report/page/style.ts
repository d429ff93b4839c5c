import { palette } from '../charts/palette.ts';

/** The page's style. */
export const style = `
${palette}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0 auto;padding:0 20px 48px;max-width:1120px;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{padding:28px 0 8px;border-bottom:1px solid var(--rule)}
.brand{margin:0;color:var(--faint);font-size:13px;letter-spacing:.04em}
h1{margin:.1em 0 .3em;font-size:clamp(20px,3.4vw,28px);line-height:1.25;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{display:inline;font-size:19px;line-height:1.35;font-weight:620;overflow-wrap:anywhere}
h3{margin:0 0 10px;font-size:17px;font-weight:620}
a{color:var(--link)}
p{margin:.5em 0;max-width:78ch}
nav ul{margin:.5em 0;padding-left:1.2em}
section{padding:26px 0 10px;border-top:1px solid var(--rule);min-width:0}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.subject{margin:18px 0}
.subject>summary{padding:8px 0;cursor:pointer}
.subject>section:first-of-type{border-top:0;padding-top:8px}
dl.facts{margin:0}
.facts div{display:grid;grid-template-columns:150px minmax(0,1fr);gap:12px;padding:5px 0;border-bottom:1px solid var(--rule)}
.facts dt{color:var(--faint)}
.facts dd{margin:0;overflow-wrap:anywhere;white-space:pre-line}
figure{margin:14px 0 26px}
.chart{overflow-x:auto;min-height:var(--height)}
.chart svg{display:block;max-width:none}
figcaption{margin-top:6px;color:var(--faint);font-size:14px;max-width:78ch}
details>summary{cursor:pointer}
figure>details{margin-top:6px;font-size:14px}
.wide{overflow:auto;max-height:520px;border:1px solid var(--rule);border-radius:6px}
.wide:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
caption{padding:8px 10px;text-align:left;color:var(--faint)}
th,td{padding:5px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
thead th{position:sticky;top:0;background:var(--panel);font-weight:600;white-space:nowrap}
th button{all:unset;cursor:pointer;font-weight:600}
th button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" ▲"}
th[aria-sort=descending] button::after{content:" ▼"}
.n{text-align:right;white-space:nowrap}
.d{min-width:300px;font-size:12px;color:var(--faint);overflow-wrap:anywhere}
.d b{color:var(--ink);font-weight:600}
.o.bad{color:var(--s2);font-weight:600}
tr.best td{background:var(--come)}
.trials pre{max-width:60ch;white-space:pre-wrap;overflow-wrap:anywhere}
.count,.none,.legend{color:var(--faint);font-size:14px}
.none{padding:12px 14px;background:var(--panel);border-radius:6px}
.controls{display:flex;flex-wrap:wrap;gap:12px;margin:8px 0;align-items:end}
.controls[hidden]{display:none}
label{font-size:14px;color:var(--faint)}
input,select,button.more,.controls button{font:inherit;font-size:14px;padding:5px 9px;color:var(--ink);background:var(--paper);border:1px solid var(--rule);border-radius:6px;max-width:100%}
button.more{margin-top:10px}
pre{margin:0;padding:10px 12px;font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;tab-size:2}
.diff del,.diff ins,.legend del,.legend ins{text-decoration:none}
.diff del,.diff ins{display:block}
del{background:var(--gone);color:var(--gone-ink)}
ins{background:var(--come);color:var(--come-ink)}
.legend del,.legend ins{padding:1px 6px;border-radius:4px;margin-right:8px}
.fold>summary{color:var(--faint);padding-left:1.2em}
.code,.costs{margin:8px 0;min-width:0}
.costs{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:12px;align-items:start}
footer{margin-top:28px;border-top:1px solid var(--rule);color:var(--faint);font-size:13px}
@media (max-width:640px){body{padding:0 14px 32px}.facts div{grid-template-columns:1fr;gap:0}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--faint:#444;--rule:#bbb;--panel:#f4f4f4;--s1:#0072b2;--s2:#c44e00;--s3:#008561;--s4:#b0588c;--s5:#a36a00;--s6:#3f93cc;--s7:#6b4fbb;--s8:#5f6b76;--cut:#c3cad2;--h0:#eaf2f8;--h1:#bfdcef;--h2:#86bfe3;--h3:#2f80b8;--h4:#0a5486;--on-dark:#fff;--gone:#ffe9e6;--come:#e2f5e9;--gone-ink:#8f1d12;--come-ink:#0b5a2e}
body{max-width:none;padding:0;font-size:11pt}.controls,.more,nav{display:none!important}.wide{max-height:none;overflow:visible;border:0}figure,.facts div,tr{break-inside:avoid}h3{break-after:avoid}.chart svg{max-width:100%;height:auto}pre{white-space:pre-wrap}}
`.trim();
