// Whoever is not one of our own pages, or says what nobody understands.

import assert from "node:assert/strict";
import { ask, client, connected, event, get, over, refusal, scene } from "./common.mjs";

/** What the library says of a connection that was not made. */
async function refused(token, more) {
  const socket = client(token, more);
  const why = event(socket, "connect_error");
  socket.connect();
  const { message } = await why;
  assert.equal(socket.connected, false);
  socket.close();
  return message;
}

for (const [token, more] of [
  [scene.lina, { transports: ["polling"] }],
  [scene.lina, { origin: "https://elsewhere.example" }],
  [scene.lina, { origin: `${scene.address}.elsewhere.example` }],
  [scene.lina, { origin: "null" }],
  ["", {}],
  [`${scene.lina.slice(0, -1)}-`, {}],
]) {
  assert.ok(await refused(token, more), JSON.stringify(more));
}

const lina = await connected(scene.lina);
const beside = await connected(scene.nour);
assert.equal(await refusal(lina, "room.destroy"), "invalid");
assert.equal(await refusal(lina, "room.open", { since: -1 }), "invalid");
assert.equal(await refusal(lina, "room.open", { room: { $ne: "" } }), "invalid");
assert.equal((await lina.timeout(5000).emitWithAck("room.open", "no object", 7)).error.code, "invalid");
assert.equal((await ask(lina, "room.post", { client_id: "short", body: "x" })).error.code, "invalid");
await get(lina, "room.open", { since: 0 });

// Names, bytes and sizes that no page of ours sends end the connection that sent them, and no other.
for (const [name, body] of [
  ["*", "all"],
  ["room.post", new Uint8Array(64)],
  ["room.post", "x".repeat(300000)],
]) {
  const crooked = await connected(scene.lina);
  const end = event(crooked, "disconnect");
  crooked.emit(name, { room: scene.room, client_id: "client-crooked", body });
  await end;
}
await get(beside, "room.open", { since: 0 });
over(lina, beside);
