import { renderUnicodeCompact } from 'uqr';
import { onPageNotice } from '../device/browser/page-host.ts';
import { say } from './output.ts';

/** Tells of pages that are devices on stderr. */
export function announcePages(): void {
  let wasHidden = false;
  onPageNotice((notice) => {
    if (notice.kind === 'waiting') {
      say(`open this page in the browser to be measured, and keep it in front:\n  ${notice.url}`);
      say(`on a phone at a cable: adb reverse tcp:${notice.port} tcp:${notice.port}, then the same address`);
      if (process.stderr.isTTY) say(renderUnicodeCompact(notice.url));
    } else if (notice.isHidden !== wasHidden) {
      wasHidden = notice.isHidden;
      say(
        wasHidden
          ? 'note: the page is hidden, and its browser may slow it down; bring it to the front'
          : 'note: the page is seen again',
      );
    }
  });
}
