/* What the editor wants, asked for before the rest of the page is read; nothing here has to succeed. */

import { askEarly } from "../api/queries";
import { EMPTY, kept } from "../editor/draft";

const EDITOR = /^\/studio\/?(mockups\/?)?$/;

if (EDITOR.test(location.pathname)) {
  const draft = kept() ?? EMPTY;
  // with a key in the address there is no session yet
  const data = location.hash ? null : askEarly(draft.template);
  void import("../pages/Mockups");
  if (data) void import("../preview/ahead").then(({ begin }) => begin(data, draft));
}
