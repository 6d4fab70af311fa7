// The button of a message's menu (menu.js).

/** Give a line its button, once. */
export function equip(line, label) {
  if (line.querySelector(".message__menu")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "message__menu";
  button.textContent = "⋯";
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-haspopup", "menu");
  line.querySelector(".message__link").after(button);
}
