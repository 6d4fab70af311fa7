// Two people: one opens the room, both write, one of them twice under the same id, and asks for what came since.

import assert from "node:assert/strict";
import { ask, connected, event, get, over, post, refusal, scene } from "./common.mjs";

const [nour, lina] = await Promise.all([connected(scene.nour), connected(scene.lina)]);
assert.equal(nour.io.engine.transport.name, "websocket");

const opened = await get(nour, "room.open", { since: null });
assert.deepEqual(opened.messages, []);

const heard = event(nour, "room.message");
const first = await post(lina, "first-1", "مساء الخير **لكم**");
assert.deepEqual(await heard, first.message, "who listens is sent what was stored");
assert.match(first.message.html, /<strong>لكم<\/strong>/);

// The answer was lost: the same again is the same message, also from another connection.
const [again, other] = await Promise.all([post(lina, "first-1", "another text"), connected(scene.lina)]);
assert.deepEqual(again.message, first.message);
assert.deepEqual((await post(other, "first-1")).message, first.message);

const second = await post(nour, "second-1");
const { messages, more, last } = await get(other, "room.since", { since: first.message.seq });
assert.deepEqual(messages, [second.message]);
assert.deepEqual([more, last], [false, second.message.seq]);

// Nobody is told of rooms that are not open to them, and a text that nobody could read is not stored.
assert.equal(await refusal(lina, "room.open", { room: scene.elsewhere, since: 0 }), "not_found");
assert.equal(await refusal(lina, "room.post", { client_id: "client-empty-1", body: " \u200b " }), "invalid");
assert.equal((await ask(lina, "room.read", { seq: second.message.seq })).ok, true);
over(nour, lina, other);
