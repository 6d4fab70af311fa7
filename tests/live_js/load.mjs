// Several write at once without waiting for each other: everybody hears everything, once, in one order.

import assert from "node:assert/strict";
import { connected, get, over, post, scene, until } from "./common.mjs";

const EACH = 40;
const writers = await Promise.all([scene.nour, scene.lina, scene.nour, scene.lina].map((token) => connected(token)));
const readers = await Promise.all([scene.nour, scene.lina].map((token) => connected(token)));
const heard = readers.map(() => []);
await Promise.all(
  readers.map((reader, number) => {
    reader.on("room.message", ({ seq, client_id: id }) => heard[number].push([seq, id]));
    return get(reader, "room.open", { since: null });
  }),
);

const acknowledged = await Promise.all(
  writers.flatMap((writer, who) => Array.from({ length: EACH }, (_, number) => post(writer, `${who}-${String(number).padStart(3, "0")}`))),
);
const all = writers.length * EACH;
await Promise.all(readers.map((reader, number) => until(reader, () => heard[number].length >= all)));

const stored = acknowledged.map(({ message }) => [message.seq, message.client_id]).sort(([one], [other]) => one - other);
for (const list of heard) assert.deepEqual(list, stored, "the order that was heard is the order that was stored");
writers.forEach((_, who) => {
  const own = stored.map(([, id]) => id).filter((id) => id.startsWith(`client-${who}-`));
  assert.deepEqual(own, [...own].sort(), "what one person writes stays in the order in which they wrote it");
});
over(...writers, ...readers);
