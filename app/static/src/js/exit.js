// The way out: Shift pressed alone three times within five seconds, or the button. The form does all of it without us;
// here the page also goes blank at once, and the neutral one takes its place in the history.
import { forgetEverything } from "./kept.js";

const PRESSES = 3;
const WITHIN_MS = 5000;
const WAIT_MS = 2000;

export function watchExit(page) {
  const form = page.querySelector("[data-exit]");
  if (!form) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leave(form);
  });

  let alone = false;
  let presses = [];
  page.addEventListener("keydown", (event) => {
    // A capital letter is Shift with company: it must never count.
    if (event.key !== "Shift") presses = [];
    alone = event.key === "Shift" && !event.ctrlKey && !event.altKey && !event.metaKey;
  });
  page.addEventListener("keyup", (event) => {
    if (event.key !== "Shift" || !alone) return;
    alone = false;
    presses = [...presses, event.timeStamp].filter((at) => event.timeStamp - at <= WITHIN_MS);
    if (presses.length === PRESSES) leave(form);
  });
}

async function leave(form) {
  document.documentElement.classList.add("gone");
  document.title = "";
  // Before anybody is asked: the answer that clears the browser may never come.
  forgetEverything();
  const told = fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    credentials: "same-origin",
    redirect: "manual",
    keepalive: true,
  });
  // A slow network must not keep anyone here; the request goes on without the page.
  await Promise.race([told.catch(() => {}), new Promise((done) => setTimeout(done, WAIT_MS))]);
  location.replace(form.dataset.exit);
}
