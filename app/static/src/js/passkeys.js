// Passkeys: each form asks the server what to give to the browser, and is sent with what the browser answers. Without
// this script the forms stay hidden, and codes do the same.
const BYTES = { create: ["challenge", "user.id"], get: ["challenge"] };
const LISTS = { create: "excludeCredentials", get: "allowCredentials" };

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("[data-passkey]")) offer(form);
}

function offer(form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    say(form, "");
    try {
      form.elements.proof.value = JSON.stringify(await answerOf(form));
      form.submit();
    } catch (failure) {
      say(form, failure instanceof Refused ? failure.message : form.dataset.failed);
      button.disabled = false;
    }
  });
}

class Refused extends Error {}

async function answerOf(form) {
  const what = form.dataset.passkey;
  const asked = await fetch(form.dataset.ask, {
    method: "POST",
    body: new URLSearchParams({ csrf_token: form.elements.csrf_token.value }),
    credentials: "same-origin",
  });
  const publicKey = await asked.json();
  if (!asked.ok) throw new Refused(publicKey.text);
  for (const path of BYTES[what]) {
    const [outer, inner] = path.split(".");
    const holder = inner ? publicKey[outer] : publicKey;
    holder[inner ?? outer] = bytes(holder[inner ?? outer]);
  }
  for (const known of publicKey[LISTS[what]] ?? []) known.id = bytes(known.id);
  const made = await navigator.credentials[what]({ publicKey });
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = text(made.response[part]);
  }
  return { id: made.id, rawId: text(made.rawId), type: made.type, response };
}

function say(form, words) {
  const said = form.querySelector("[data-said]");
  said.textContent = words;
  said.hidden = !words;
}

function bytes(base64) {
  return Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
