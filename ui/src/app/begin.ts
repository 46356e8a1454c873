/* What the editor wants, asked for before the rest of the page is read; nothing here has to succeed. */

import { askEarly } from "../api/queries";
import { EMPTY, kept } from "../editor/draft";

const EDITOR = /^\/studio\/?(mockups\/?)?$/;

// with a key in the address there is no session yet
if (EDITOR.test(location.pathname) && !location.hash) {
  const draft = kept() ?? EMPTY;
  const asked = askEarly(draft.template);
  void import("../preview/ahead").then(({ begin }) => begin(asked.scene, asked.bundle, draft));
  void import("../pages/Mockups");
}
