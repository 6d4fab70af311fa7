// Socket.IO on Node, doing nothing but `emit` to a room: bench/bare_server.py in the other language.
// Usage: node bench/peers/node_server.cjs PORT

"use strict";

const http = require("node:http");
const { Server } = require("socket.io");

// Of the same shape and length as what the real server sends for the same post.
const MESSAGE = {
  seq: 123456,
  id: "a1B2c3D4e5F6g7H8",
  author: { id: "p1B2c3D4e5F6g7H8", name: "Person 17" },
  at: "2026-01-01T12:00:00.000000+00:00",
};

const server = http.createServer();
const io = new Server(server, { transports: ["websocket"], cors: { origin: "*" }, perMessageDeflate: false });

io.on("connection", (socket) => {
  socket.on("room.open", (payload, answer) => {
    socket.join(payload.room);
    answer({ ok: true });
  });
  socket.on("room.post", (payload, answer) => {
    const message = {
      ...MESSAGE,
      room: payload.room,
      client_id: payload.client_id,
      html: `<p>${payload.body}</p>`,
    };
    io.to(payload.room).emit("room.message", message);
    answer({ ok: true, message });
  });
});

server.listen(Number(process.argv[2]), "127.0.0.1");
