// Around a <time>: keeps the server's "3 hours ago" true while the page stays open, and puts the
// moment in the reader's own time zone into the title. The words are those of hub/templatetags.
const UNITS = [
  ["year", 365 * 86400],
  ["month", 30 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const EVERY_MS = 60_000;
const elements = new Set();

class RelativeTimeElement extends HTMLElement {
  connectedCallback() {
    elements.add(this);
    const moment = new Date(this.#time.dateTime);
    this.#time.title = moment.toLocaleString("en", { dateStyle: "long", timeStyle: "long" });
  }

  disconnectedCallback() {
    elements.delete(this);
  }

  get #time() {
    return this.querySelector("time");
  }

  refresh() {
    this.#time.textContent = relative((new Date(this.#time.dateTime) - Date.now()) / 1000);
  }
}

function relative(seconds) {
  const size = Math.abs(seconds);
  const [unit, length] = UNITS.find(([, length]) => size >= length) ?? [];
  if (!unit) return "just now";
  const count = Math.round(size / length);
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

setInterval(() => elements.forEach((element) => element.refresh()), EVERY_MS);
customElements.define("wh-relative-time", RelativeTimeElement);
