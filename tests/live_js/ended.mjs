// A session is ended elsewhere: its socket is told, and closed, and hears nothing of what is said afterwards.

import assert from "node:assert/strict";
import { connected, event, get, over, post, refusal, scene, turn } from "./common.mjs";

const [lina, nour] = await Promise.all([connected(scene.lina), connected(scene.nour)]);
await get(lina, "room.open", { since: null });
const heard = [];
lina.on("room.message", (message) => heard.push(message));
lina.on("session.ended", () => heard.push("ended"));

const [told, closed] = [event(lina, "session.ended"), event(lina, "disconnect")];
await turn("sign out");
await told;
assert.equal(await closed, "io server disconnect");
await post(nour, "unheard-1");
assert.deepEqual(heard, ["ended"]);
await assert.rejects(connected(scene.lina), "the ended session does not come in again");
assert.equal(await refusal(nour, "room.since", { since: "all" }), "invalid");
over(lina, nour);
