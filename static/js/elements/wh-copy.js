// <wh-copy value="…"> or <wh-copy from=".code">: its button copies the value, or the text of the
// code in the nearest ancestor that the selector names.
const SHOWN_MS = 2000;

class CopyElement extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.addEventListener("click", this);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this);
    clearTimeout(this.#timer);
  }

  get text() {
    if (this.hasAttribute("value")) return this.getAttribute("value");
    return this.closest(this.getAttribute("from"))?.querySelector("code")?.textContent ?? "";
  }

  async handleEvent(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const copied = await this.#write();
    this.dataset.state = copied ? "copied" : "failed";
    announce(copied ? "Copied." : "Your browser did not allow copying. Select the text instead.");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => delete this.dataset.state, SHOWN_MS);
  }

  async #write() {
    try {
      await navigator.clipboard.writeText(this.text);
      return true;
    } catch {
      return false;
    }
  }
}

// One polite region for the whole page; emptied first, so that the same words are said again.
function announce(words) {
  const region = document.querySelector("[data-announcer]");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = words; });
}

customElements.define("wh-copy", CopyElement);
