// The live room. The page is whole without this file; with it, messages come and go without reloading.

import { Announcer } from "./room/announcer.js";
import { postByPage } from "./room/by_page.js";
import { clock } from "./clock.js";
import { Composer } from "./room/composer.js";
import { Connection } from "./room/connection.js";
import { Draft } from "./room/draft.js";
import { askBeforeLeaving } from "./room/leaving.js";
import { Lines } from "./room/lines.js";
import { Notice } from "./room/notice.js";
import { Outbox } from "./room/outbox.js";
import { Reading } from "./room/reading.js";
import { Sequence } from "./room/sequence.js";
import { readWords } from "./room/strings.js";
import { Timeline } from "./room/timeline.js";
import { View } from "./room/view.js";

/** States after which nothing is sent until something outside this page changes. */
const STANDSTILL = ["ended", "signed-out", "closed"];

const room = document.querySelector("[data-room]");
const part = (name) => room.querySelector(`[data-${name}]`);
const { room: id, url, me, name, since } = room.dataset;
const language = document.documentElement.lang;
const list = part("messages");
const form = part("composer");

const words = readWords(part("words"), language);
const times = clock(language);
const announcer = new Announcer(part("announcer"), words);
const notice = new Notice(part("connection"), words, announcer);
const view = new View(list, form);
const lines = new Lines(room, times, words);
const timeline = new Timeline({ list, lines, view, clock: times, me, name, trimmed: offerOlder });
const sequence = new Sequence(Number(since), { ask: (after) => connection.ask(after), show: showMessages });
const connection = new Connection({
  room: id,
  url,
  me,
  message: (message) => sequence.receive(message),
  gone: (what) => timeline.takeAway(what),
  changed: showConnection,
  catchUp: () => sequence.catchUp(),
  locked: () => leaveForLock(url),
});
const outbox = new Outbox({
  send,
  changed: showUnsent,
  stored: (message) => sequence.receive(message),
  wait: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
});
const reading = new Reading({ room, list, composer: form, view, timeline, words, mark: (seq) => connection.read(seq) });
const composer = new Composer(form, words, (text) => {
  reading.toNewest();
  outbox.add(text, draft.taken());
});
const draft = new Draft(form, (text) => connection.keep(text));

async function send(item) {
  if (connection.state !== "blocked") return connection.post(item);
  const answer = await postByPage(form, item, { url, say: words.say });
  if (answer?.error?.code === "signed_out") connection.stop("signed-out");
  return answer;
}

function showMessages(messages) {
  part("empty").hidden = true;
  const own = messages.filter((message) => timeline.isOwn(message));
  for (const message of own) outbox.settle(message.client_id);
  timeline.show(messages);
  announcer.news(messages.length - own.length);
  reading.arrived(messages.length - own.length);
}

function showUnsent(item) {
  part("empty").hidden = true;
  timeline.showUnsent(item);
  if (item.state === "refused") announcer.say(item.clientId, words.say("refused", { reason: item.reason }));
}

function showConnection(state) {
  notice.show(state);
  composer.lock(state === "ended" || state === "closed");
  if (state === "live") part("until-live").hidden = true;
  if (STANDSTILL.includes(state)) outbox.stop();
  else if (state === "live" || state === "blocked") outbox.resume();
}

function offerOlder(oldest) {
  const older = part("older");
  const address = new URL(url, location.href);
  address.searchParams.set("before", oldest);
  older.href = address;
  older.hidden = false;
  part("older-line").hidden = false;
}

list.addEventListener("click", ({ target }) => {
  const way = target.closest("[data-mend]")?.dataset.mend;
  const line = target.closest("[data-client-id]");
  if (!way || !line) return;
  const { clientId } = line.dataset;
  if (way === "again") {
    // The button goes away; the focus stays with its message.
    line.tabIndex = -1;
    line.focus();
    outbox.retry(clientId);
  } else {
    const text = outbox.takeBack(clientId);
    line.remove();
    composer.putBack(text);
  }
});

part("mute").addEventListener("click", ({ currentTarget }) => {
  announcer.muted = !announcer.muted;
  currentTarget.textContent = words.say(announcer.muted ? "unmute" : "mute");
});

const leaveForLock = askBeforeLeaving(
  () => !outbox.isEmpty || composer.hasText,
  () => draft.leave(outbox.texts),
);
part("plain").hidden = true;
for (const control of room.querySelectorAll("[data-live-only]")) control.hidden = false;
for (const control of room.querySelectorAll("[data-plain-only]")) control.hidden = true;
reading.open();
showConnection("connecting");
connection.open();
