// The page on which somebody lets this browser be told. It asks only when they press the button.
const form = document.querySelector("[data-push]");
const show = (name, shown) => {
  document.querySelector(name).hidden = !shown;
};

if (form && navigator.serviceWorker && window.PushManager && window.Notification) {
  form.hidden = false;
  show("[data-push-not]", false);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe().then(
      () => form.submit(),
      () => show("[data-push-refused]", true),
    );
  });
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("refused");
  const registered = await navigator.serviceWorker.register(form.dataset.worker, { scope: "/" });
  await navigator.serviceWorker.ready;
  const subscription = await registered.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(form.dataset.push),
  });
  const { endpoint, keys } = subscription.toJSON();
  form.elements.endpoint.value = endpoint;
  form.elements.p256dh.value = keys.p256dh;
  form.elements.auth.value = keys.auth;
}

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}
