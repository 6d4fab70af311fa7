// Nothing typed is lost without a question; but the way out of the page in danger is never held up by one.

/**
 * Ask before the page is left while `isUnsent()`, except through the exit, whichever script or none carries it out, and by
 * the lock, which first has `keep()` keep what is unsent. Returns a function that leaves for the lock of a locked screen.
 */
export function askBeforeLeaving(isUnsent, keep) {
  let isExit = false;
  document.addEventListener(
    "submit",
    ({ target }) => {
      isExit = target.matches("[data-exit], [data-lock]");
      if (target.matches("[data-lock]")) keep();
    },
    { capture: true },
  );
  addEventListener("beforeunload", (event) => {
    if (isExit || document.documentElement.classList.contains("gone")) return;
    if (isUnsent()) event.preventDefault();
  });
  return (url) => {
    keep();
    isExit = true;
    // Nothing of the room stays on a locked screen, and the way back in the history leads to the lock.
    location.replace(url);
  };
}
