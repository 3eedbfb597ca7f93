// Each element only betters what the page already does without it.
import "./elements/wh-copy.js";
import "./elements/wh-relative-time.js";
import "./elements/wh-shortcuts.js";
import "./elements/wh-theme.js";
