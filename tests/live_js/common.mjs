// What the scenarios share: the official client, as somebody with a session would use it, and a word with the test.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

/** Who and where: given by the test. */
export const scene = JSON.parse(process.env.SCENE);
const MOST_MS = 20000;

/** A client that is not connected yet. What `more` says goes to the library. */
export function client(token, more = {}) {
  const { origin = scene.address, ...options } = more;
  const cookie = token ? { Cookie: `${scene.cookie}=${token}` } : {};
  return io(scene.address, {
    transports: ["websocket"],
    autoConnect: false,
    forceNew: true,
    reconnection: false,
    extraHeaders: { Origin: origin, ...cookie },
    ...options,
  });
}

/** A connected client. Rejects with the library's own error when it is not let in. */
export async function connected(token, more) {
  const socket = client(token, more);
  const outcome = Promise.race([event(socket, "connect"), event(socket, "connect_error").then((why) => Promise.reject(why))]);
  socket.connect();
  await outcome;
  return socket;
}

/** The next time that something happens, as a promise of what came with it. */
export function event(socket, name) {
  return within(new Promise((resolve) => socket.once(name, resolve)), name);
}

/** Ask, and have the answer. */
export function ask(socket, name, more = {}) {
  return socket.timeout(MOST_MS).emitWithAck(name, { room: scene.room, ...more });
}

/** Ask for something that must be granted. */
export async function get(socket, name, more) {
  const answer = await ask(socket, name, more);
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return answer;
}

/** Ask for something that must be refused. Resolves to the code. */
export async function refusal(socket, name, more) {
  const answer = await ask(socket, name, more);
  assert.equal(answer.ok, false, JSON.stringify(answer));
  assert.ok(answer.error.text, "a refusal says why in words");
  return answer.error.code;
}

/** Write a text under an id. */
export function post(socket, id, body = `text ${id}`) {
  return get(socket, "room.post", { client_id: `client-${id}`, body });
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Tell the test where the scenario stands, and wait until it has done its part. */
export async function turn(word) {
  console.log(word);
  await lines.next();
}

/** Wait until a condition holds, asked whenever `socket` hears anything. */
export function until(socket, condition) {
  return within(
    new Promise((resolve) => {
      const look = () => condition() && resolve();
      socket.onAny(look);
      look();
    }),
    String(condition),
  );
}

export function over(...sockets) {
  for (const socket of sockets) socket.disconnect();
  process.stdin.destroy();
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), MOST_MS).unref();
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
