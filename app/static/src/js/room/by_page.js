// Where a network lets no WebSocket through, texts go out through the room's own form, as without JavaScript.

/** Post `item` with the form's token, and none of what stands in the form meanwhile; the server then leads back to the room's `url`. Resolves to an acknowledgement without a message, or to null when nothing answers. */
export async function postByPage(form, item, { url, say }) {
  const fields = new FormData();
  const written = { ...item.more, client_id: item.clientId, body: item.body, draft: item.draft ? "1" : "" };
  fields.set("csrf_token", form.elements.csrf_token.value);
  for (const [name, values] of Object.entries(written)) for (const value of [values].flat()) fields.append(name, value);
  try {
    const response = await fetch(form.action, { method: "POST", body: fields });
    await response.body?.cancel();
    return acknowledgement(response, url, say);
  } catch {
    return null;
  }
}

function acknowledgement(response, url, say) {
  const isRoom = new URL(response.url).pathname === url;
  if (response.ok && response.redirected && isRoom) return { ok: true };
  const refusal = (code, text = "") => ({ ok: false, error: { code, text, retry_after: seconds(response) } });
  if (response.status === 429) return refusal("too_many");
  if (response.status >= 500) return refusal("unavailable");
  if (response.status === 401 || (response.ok && response.redirected)) return refusal("signed_out");
  return refusal("invalid", say("not-accepted"));
}

function seconds(response) {
  const given = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return Number.isFinite(given) ? given : undefined;
}
