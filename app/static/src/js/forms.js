// Two small mercies for forms: what to correct gets the focus, and one press sends once.
export function mendForms(page) {
  page.querySelector(".error-summary")?.focus();

  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  // A page that comes back from the browser's memory can be sent again.
  addEventListener("pageshow", () => {
    for (const form of page.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  });
}
