// Around the form of the themes: shows the chosen one at once, and sends the form aside so that
// the server writes the theme into the next page and nothing flashes.
class ThemeElement extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", this);
  }

  disconnectedCallback() {
    this.removeEventListener("submit", this);
  }

  handleEvent(event) {
    event.preventDefault();
    const { target: form, submitter } = event;
    if (submitter.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = submitter.value;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button === submitter));
    }
    // keepalive: whoever clicks a link at once must not lose their choice.
    fetch(form.action, {
      method: "POST",
      body: new FormData(form, submitter),
      redirect: "manual",
      keepalive: true,
    });
  }
}

customElements.define("wh-theme", ThemeElement);
