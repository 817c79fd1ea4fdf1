// Runs inside a network namespace: sends the packets that stand on its standard input, a line of JSON each time.
import dgram from "node:dgram";
import net from "node:net";
import { createInterface } from "node:readline";

/** Sockets by source port, open until the next "close". */
const open = new Map();

const commands = {
  send: ({ packets }) => Promise.all(packets.map(send)),
  /** Another datagram from sockets that are still open. */
  again: ({ ports }) => Promise.all(ports.map((port) => datagram(open.get(port)))),
  /** In the world behind the node this is who answers: the discard port takes every connection that is led to it. */
  serve: () =>
    new Promise((done) => {
      const server = net.createServer((socket) => socket.on("error", () => {}).resume());
      server.on("error", () => done());
      server.listen(9, () => done());
    }),
  close: async () => {
    for (const { socket } of open.values()) socket.destroy?.() ?? socket.close();
    open.clear();
  },
};

function send(packet) {
  return packet.protocol === "tcp" ? connect(packet) : bindAndSend(packet);
}

/** The SYN is on its way when connect() returns; what comes of it is seen elsewhere. */
function connect({ from, sourcePort, to, port }) {
  return new Promise((done) => {
    const socket = net.connect({ host: to, port, localAddress: from, localPort: sourcePort });
    open.set(sourcePort, { socket });
    socket.on("error", () => {});
    setImmediate(done);
  });
}

function bindAndSend({ from, sourcePort, to, port }) {
  return new Promise((done) => {
    const socket = dgram.createSocket(from.includes(":") ? "udp6" : "udp4");
    const entry = { socket, to, port };
    open.set(sourcePort, entry);
    socket.on("error", () => done());
    socket.bind(sourcePort, from, () => datagram(entry).then(done));
  });
}

function datagram(entry) {
  return new Promise((done) => entry.socket.send("x", entry.port, entry.to, () => done()));
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  await commands[command.do](command);
  process.stdout.write("done\n");
}
