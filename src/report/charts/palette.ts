/**
 * Colours of pages and drawings, as variables, so that light, dark and paper need no second drawing. Series colours are those of Okabe and Ito, darker or
 * brighter where the paper asks for it.
 */
export const palette = `:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--faint:#59636e;--rule:#d9dee4;--panel:#f6f8fa;--link:#0550ae;
--s1:#0072b2;--s2:#c44e00;--s3:#008561;--s4:#b0588c;--s5:#a36a00;--s6:#3f93cc;--s7:#6b4fbb;--s8:#5f6b76;--cut:#c3cad2;
--h0:#eaf2f8;--h1:#bfdcef;--h2:#86bfe3;--h3:#2f80b8;--h4:#0a5486;--on-dark:#fff;--gone:#ffe9e6;--come:#e2f5e9;--gone-ink:#8f1d12;--come-ink:#0b5a2e}
@media (prefers-color-scheme:dark){:root{--paper:#0f1419;--ink:#e6eaee;--faint:#9aa6b2;--rule:#2b333c;--panel:#171d24;--link:#79b8ff;
--s1:#56b4e9;--s2:#f0894a;--s3:#2fbf95;--s4:#e09bc4;--s5:#e9b44c;--s6:#a5d3f2;--s7:#b4a0f0;--s8:#98a4b0;--cut:#414b56;
--h0:#17222c;--h1:#173a54;--h2:#1d587f;--h3:#3f93cc;--h4:#8fcbf2;--on-dark:#06121c;--gone:#3b1a18;--come:#123322;--gone-ink:#ffb3a8;--come-ink:#93e6b4}}`;
