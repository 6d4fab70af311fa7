// Runs without a page: shows one neutral line when a push comes, and opens Home when it is pressed. It fetches and
// keeps nothing.
self.addEventListener("push", (event) => {
  const { text = "…", lang = "", dir = "auto" } = event.data ? event.data.json() : {};
  event.waitUntil(self.registration.showNotification(text, { tag: "new", lang, dir }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow("/"));
});
