// Buttons with data-choice "", "light" or "dark". The cookie lets the server write the theme into
// the next page, so that nothing flashes.
const A_YEAR = 365 * 24 * 60 * 60;

class ThemeElement extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this);
    document.addEventListener("wh-theme", this);
    this.#show();
  }

  disconnectedCallback() {
    this.removeEventListener("click", this);
    document.removeEventListener("wh-theme", this);
  }

  handleEvent(event) {
    if (event.type === "click") this.#choose(event.target.closest("[data-choice]"));
    else this.#show();
  }

  #choose(button) {
    if (!button) return;
    const { choice } = button.dataset;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${choice}; path=/; max-age=${choice ? A_YEAR : 0}; samesite=lax${secure}`;
    if (choice) document.documentElement.dataset.theme = choice;
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new CustomEvent("wh-theme"));
  }

  #show() {
    const current = document.documentElement.dataset.theme ?? "";
    for (const button of this.querySelectorAll("[data-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.choice === current));
    }
  }
}

customElements.define("wh-theme", ThemeElement);
