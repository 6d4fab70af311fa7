// What is done in a room beyond reading: fetched when somebody begins to write or opens a menu, since most only read.

export { Asking } from "./room/asking.js";
export { Attaching } from "./room/attaching.js";
export { Menu } from "./room/menu.js";
export { Names } from "./room/names.js";
