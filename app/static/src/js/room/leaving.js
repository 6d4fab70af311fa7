// Nothing typed is lost without a question; but the way out of the page in danger is never held up by one.

/** Ask before the page is left while `isUnsent()`, except through the exit, whichever script or none carries it out. */
export function askBeforeLeaving(isUnsent) {
  let isExit = false;
  document.addEventListener("submit", (event) => (isExit = event.target.matches("[data-exit]")), { capture: true });
  addEventListener("beforeunload", (event) => {
    if (isExit || document.documentElement.classList.contains("gone")) return;
    if (isUnsent()) event.preventDefault();
  });
}
