import type { ReportCode, Subject } from '../report-data.ts';
import { type CodeForm, comparisonHtml, type DiffLines } from '../views/code.ts';

/** Lets the reader choose which trial's code the best is compared with, and by what. */
export function chooseCode(subject: Subject, prefix: string, diffLines: DiffLines): void {
  const controls = document.querySelector<HTMLElement>(`[data-code="${prefix}"]`);
  const place = document.querySelector<HTMLElement>(`[data-comparison="${prefix}"]`);
  const other = controls?.querySelector<HTMLSelectElement>('[data-other]') ?? null;
  const form = controls?.querySelector<HTMLSelectElement>('[data-form]') ?? null;
  if (controls === null || place === null || other === null || form === null) return;
  controls.hidden = false;
  const draw = (): void => {
    const code = subject.codes[Number(other.value)] as ReportCode;
    place.innerHTML = comparisonHtml(subject, code, form.value as CodeForm, diffLines);
  };
  other.addEventListener('change', draw);
  form.addEventListener('change', draw);
  draw();
}
