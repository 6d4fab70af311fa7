// The server is killed while somebody writes, and comes back. The library reconnects; nothing is lost or doubled.

import assert from "node:assert/strict";
import { connected, event, get, over, post, scene, turn } from "./common.mjs";

const lina = await connected(scene.lina, { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 500 });
await get(lina, "room.open", { since: null });
const before = await post(lina, "before-1");

const lost = event(lina, "disconnect");
await turn("kill");
assert.equal(await lost, "transport close");

// A retry under the same id, sent into the dark, whose first sending may or may not have been stored.
const back = event(lina, "connect");
await turn("start");
await back;
assert.deepEqual((await post(lina, "before-1")).message, before.message);
const after = await post(lina, "after-1");
const { messages } = await get(lina, "room.open", { since: 0 });
assert.deepEqual(messages, [before.message, after.message]);
over(lina);
