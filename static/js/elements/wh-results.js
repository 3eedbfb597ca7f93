// Around search results that htmx swaps: a reader whose link has just gone finds the focus on the
// heading of what came instead; one who is typing keeps it.
class ResultsElement extends HTMLElement {
  connectedCallback() {
    this.addEventListener("htmx:afterSettle", this);
  }

  disconnectedCallback() {
    this.removeEventListener("htmx:afterSettle", this);
  }

  handleEvent() {
    if (document.activeElement === document.body) this.querySelector("[data-focus]")?.focus();
  }
}

customElements.define("wh-results", ResultsElement);
