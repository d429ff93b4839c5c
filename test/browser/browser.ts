import { packagedBrowserReason } from '../../src/device/browser/launch.ts';

/** Why the tests that need a browser are left out; null where they are not. */
export const noBrowser = packagedBrowserReason();
