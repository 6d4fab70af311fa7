// The live room. The page is whole without this file; with it, messages come and go without reloading.

import { Acting } from "./room/acting.js";
import { Beside } from "./room/beside.js";
import { Announcer } from "./room/announcer.js";
import { postByPage } from "./room/by_page.js";
import { clock } from "./clock.js";
import { Kept, forgetWords } from "./kept.js";
import { Composer } from "./room/composer.js";
import { Connection } from "./room/connection.js";
import { Draft } from "./room/draft.js";
import { Keeping } from "./room/keeping.js";
import { askBeforeLeaving } from "./room/leaving.js";
import { Files } from "./room/files.js";
import { Lines } from "./room/lines.js";
import { equip } from "./room/menu_button.js";
import { Notice } from "./room/notice.js";
import { Outbox } from "./room/outbox.js";
import { Reading } from "./room/reading.js";
import { Sequence } from "./room/sequence.js";
import { Standing } from "./room/standing.js";
import { readWords } from "./room/strings.js";
import { Timeline } from "./room/timeline.js";
import { View } from "./room/view.js";

/** States after which nothing is sent until something outside this page changes. */
const STANDSTILL = ["ended", "signed-out", "closed"];

const room = document.querySelector("[data-room]");
const part = (name) => room.querySelector(`[data-${name}]`);
const { room: id, url, me, name, since, topic } = room.dataset;
const language = document.documentElement.lang;
const list = part("messages");
const form = part("composer");

const words = readWords(part("words"), language);
const times = clock(language);
const announcer = new Announcer(part("announcer"), words);
const notice = new Notice(part("connection"), words, announcer);
const view = new View(list, form);
const beside = new Beside(room, words);
const lines = new Lines(room, times, words, new Files(room, words), beside);
const timeline = new Timeline({ list, lines, view, clock: times, me, name, trimmed: offerOlder });
const sequence = new Sequence(Number(since), { ask, show: showMessages, skip });
const connection = new Connection({
  room: id,
  url,
  me,
  heard: {
    "room.message": (message) => sequence.receive(message),
    "room.changed": ({ message }) => timeline.change(message),
    "room.reactions": (said) => timeline.react(said),
    // Closed, slow, begun, over: the answer to asking says what holds for this reader.
    "room.state": () => connection.synchronise(),
    "room.gone": (what) => {
      // Of everything that somebody wrote, a page does not know whether they or others decided it.
      timeline.takeAway(what.author && what.by === "removed" ? { ...what, by: "" } : what);
      beside.forget(room, what);
    },
  },
  changed: showConnection,
  catchUp: () => sequence.catchUp(),
  recheck,
  locked: () => leaveForLock(url),
});
const kept = new Kept(id, me);
const outbox = new Outbox({
  send,
  changed: showUnsent,
  stored: takeStored,
  kept,
  wait: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
});
const reading = new Reading({ room, list, composer: form, view, timeline, words, mark: (seq) => connection.read(seq) });
// What is unread on earlier pages stays unread until they are read, or counted as read.
if ("behind" in room.dataset || topic) reading.hold();
const acting = new Acting(room, form, begin);
const composer = new Composer(form, words, {
  asking: { before: askBefore },
  beside,
  take: (text, more) => {
    reading.toNewest();
    outbox.add(text, { ...more, ...takeFiles() }, draft.taken());
    keeping.taken();
  },
});
lines.equip = (line) => equip(line, words.say("menu"));
for (const line of list.querySelectorAll(".message[data-seq]")) lines.equip(line);
const draft = new Draft(form, (text) => connection.keep(text));
const keeping = new Keeping(form, kept, () => outbox.keepAll());
const standing = new Standing(form, announcer, lockComposer);

function begin({ Asking, Attaching, Menu, Names }) {
  new Names(form.elements.body, {
    label: words.say("names"),
    ask: async (prefix) => (await connection.tell("room.names", { prefix }))?.names,
    say: (number) => announcer.say("names", words.count("names-found", number)),
  });
  const menu = new Menu({
    room,
    list,
    words,
    verbs: {
      answer: (line) => {
        composer.answer(quoteOf(line));
        composer.focus();
      },
      react,
      copied: () => announcer.say("copied", words.say("copied")),
      unread,
    },
  });
  const asking = new Asking(form, words, room.dataset.private.split("\n").filter(Boolean));
  return { asking, menu, attaching: new Attaching(form, words, announcer) };
}

/** Whether something may lead to somebody is looked at here first, as soon as what looks is there. */
async function askBefore(note, text, go) {
  if (!acting.ready && !(await composer.hold(acting.waited()))) return;
  if (acting.ready) acting.ready.asking.before(note, text, go);
  else go("");
}

function takeFiles() {
  if (acting.ready) return acting.ready.attaching.taken();
  const files = form.elements.files?.value;
  if (!files) return {};
  part("attached").replaceChildren();
  return { files };
}

async function ask(after) {
  const answer = await connection.ask(after);
  standing.show(answer.why);
  return answer;
}

async function react(line, kind, isOn) {
  const seq = Number(line.dataset.seq);
  const answer = await connection.tell("room.react", { seq, said: isOn ? kind : `${kind} off` });
  if (!answer?.ok) {
    announcer.say("react", answer?.error?.text ?? words.say("down"));
    return;
  }
  const mine = new Set((line.dataset.mine ?? "").split(" ").filter(Boolean));
  mine[isOn ? "add" : "delete"](kind);
  line.dataset.mine = [...mine].join(" ");
  timeline.react({ seq, reactions: answer.reactions });
}

async function unread(line) {
  reading.hold();
  const answer = await connection.tell("room.unread_from", { seq: Number(line.dataset.seq) });
  announcer.say("unread", words.say(answer?.ok ? "kept-unread" : "down"));
  if (answer?.ok) timeline.unreadFrom(line);
}

/** Say above the composer what its words answer, also where that message is not in the page. */
function showAnswered(seq) {
  if (!seq) return;
  const line = timeline.line(Number(seq));
  composer.answer(line ? quoteOf(line) : { seq, author: {}, words: "" });
}

/** A message of this page in short, as one answers it. What stands behind a fold is not quoted. */
function quoteOf(line) {
  const author = { id: line.dataset.author, name: line.querySelector(".message__author").textContent };
  const isFolded = line.querySelector(".message__fold");
  const text = line.querySelector(".message__body").innerText.replace(/\s+/g, " ").trim();
  return { seq: Number(line.dataset.seq), author, words: isFolded ? "" : [...text].slice(0, 140).join("") };
}

async function send(item) {
  if (connection.state !== "blocked") {
    const answer = await connection.post(item);
    if (answer?.error?.code === "gives_away") {
      // Found by the server alone: said where the message stands, and trying again is to send it anyway.
      item.more = { ...item.more, confirmed: answer.error.confirm };
      const ready = await acting.fetch();
      if (ready) answer.error.text = ready.asking.sentence(answer.error);
    }
    return answer;
  }
  const answer = await postByPage(form, item, { url, say: words.say });
  if (answer?.error?.code === "signed_out") connection.stop("signed-out");
  return answer;
}

function takeStored(message) {
  sequence.receive(message);
  // Stored before a stretch that was not fetched: its place is not in this page.
  if (message.seq <= sequence.last) timeline.dropUnsent(message.client_id);
}

function skip(after, number) {
  timeline.skip(after, number);
  reading.hold();
  announcer.say("away", words.count("away", number));
}

async function recheck() {
  const { stretch } = timeline;
  const answer = stretch && (await connection.tell("room.recheck", stretch));
  if (!answer?.ok) return;
  timeline.putRight({ ...stretch, ...answer });
  for (const message of answer.messages) if (message.gone) beside.forget(list, { seq: message.seq });
}

function showMessages(messages) {
  part("empty").hidden = true;
  const own = messages.filter((message) => timeline.isOwn(message));
  for (const message of own) outbox.settle(message.client_id);
  // Under a topic one sees what belongs to it.
  const shown = topic ? messages.filter((message) => message.topic === topic) : messages;
  const others = shown.filter((message) => !timeline.isOwn(message)).length;
  timeline.show(shown);
  announcer.news(others);
  reading.arrived(others);
}

function showUnsent(item) {
  part("empty").hidden = true;
  timeline.showUnsent(item);
  if (item.state === "refused") announcer.say(item.clientId, words.say("refused", { reason: item.reason }));
}

function showConnection(state) {
  notice.show(state);
  lockComposer();
  if (state === "live") {
    part("until-live").hidden = true;
    acting.soon();
  }
  if (STANDSTILL.includes(state)) outbox.stop();
  else if (state === "live" || state === "blocked") outbox.resume();
}

function lockComposer() {
  const writes = !["ended", "closed"].includes(connection.state);
  composer.lock({ writes, sends: writes && standing.mayWrite });
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
    const item = outbox.takeBack(clientId);
    line.remove();
    composer.putBack(item?.body ?? "", item?.more);
    showAnswered(item?.more.reply_to);
    acting.ready?.attaching.putBack(item?.more);
  }
});

part("mute").addEventListener("click", ({ currentTarget }) => {
  announcer.muted = !announcer.muted;
  currentTarget.textContent = words.say(announcer.muted ? "unmute" : "mute");
});

const leaveForLock = askBeforeLeaving(
  () => (!outbox.isEmpty || composer.hasText) && !(kept.isChosen && outbox.isKept),
  () => {
    draft.leave(outbox.texts);
    forgetWords();
  },
);
part("plain").hidden = true;
for (const control of room.querySelectorAll("[data-live-only]")) control.hidden = false;
for (const control of room.querySelectorAll("[data-plain-only]")) control.hidden = true;
keeping.restore();
if (part("answering").hidden) showAnswered(form.elements.reply_to.value);
outbox.restore();
reading.open();
showConnection("connecting");
connection.open();
