// Single keys: "/" to the search box, "?" for help, "g" and then a letter to go somewhere.
// A dialog inside lists them and turns them off (WCAG 2.1.4).
const OFF = "shortcuts-off";
const SECOND_KEY_MS = 1200;
const ESCAPES = "input, textarea, select, [contenteditable]";

class ShortcutsElement extends HTMLElement {
  #pending = 0;

  connectedCallback() {
    document.addEventListener("keydown", this);
    this.addEventListener("change", this);
    this.addEventListener("click", this);
    this.#switch.checked = localStorage.getItem(OFF) === null;
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this);
  }

  get #dialog() {
    return this.querySelector("dialog");
  }

  get #switch() {
    return this.querySelector("input[type=checkbox]");
  }

  handleEvent(event) {
    if (event.type === "keydown") this.#onKey(event);
    else if (event.type === "change") this.#turn(event.target.checked);
    else if (event.target.closest("[data-help]")) this.#dialog.showModal();
  }

  #turn(on) {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  }

  #onKey(event) {
    const isTyping = event.composedPath()[0].closest?.(ESCAPES);
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
    if (isTyping || hasModifier || event.defaultPrevented || !this.#switch.checked) return;
    if (this.#act(event.key)) event.preventDefault();
  }

  #act(key) {
    if (performance.now() < this.#pending) return this.#go(key);
    if (key === "g") this.#pending = performance.now() + SECOND_KEY_MS;
    if (key === "?") this.#dialog.showModal();
    if (key === "/") return this.#focusSearch();
    return key === "?";
  }

  #go(key) {
    this.#pending = 0;
    const link = this.querySelector(`a[data-key="${CSS.escape(key)}"]`);
    link?.click();
    return Boolean(link);
  }

  #focusSearch() {
    const box = document.querySelector("input[type=search]");
    box?.focus();
    box?.select();
    return Boolean(box);
  }
}

customElements.define("wh-shortcuts", ShortcutsElement);
