// The WebSocket: reconnects when it is lost, synchronises with the daemon's clock, passes messages to handlers.
const ROOT = "/llmball/";
const SYNC_EVERY = 2000; // milliseconds

const LOST_AFTER = 5000; // milliseconds without any message: the daemon is gone, though the socket was not closed

export const wire = { send, own, on, tell, now, open: false };

const hears = new Map();
let socket = null, wait = 250, asked = new Map(), number = 0, offsets = [], last = 0;

/** Call `hear(...args)` for each message with a path below /llmball/, or with a name that only the panel uses. */
function on(path, hear) { hears.set(path, [...(hears.get(path) ?? []), hear]); }

/** Send a message of the address table; `path` is relative to /llmball/. Returns false if there is no connection. */
function send(path, ...args) {
  if (wire.open) tell("sending", path, ...args);
  return put([ROOT + path, ...args]);
}

/** Send a message that only the panel uses. Returns false if there is no connection. */
function own(name, ...args) { return put([name, ...args]); }

/** Return the time of the daemon's clock, in seconds. */
function now() { return performance.now() / 1000 + (offsets[0]?.offset ?? 0); }

function put(message) {
  if (!wire.open) { tell("unsent", message[0]); return false; }
  socket.send(JSON.stringify(message));
  return true;
}

function tell(path, ...args) { for (const hear of hears.get(path) ?? []) hear(...args); }

function sync() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  asked.clear();
  asked.set(++number, performance.now() / 1000);
  own("sync", number);
}

// use the answer with the shortest round trip of the last minute
on("sync", (n, there) => {
  const sent = asked.get(n), here = performance.now() / 1000;
  if (sent === undefined) return;
  offsets = [...offsets, { took: here - sent, at: here, offset: there - (sent + here) / 2 }]
    .filter((o) => here - o.at < 60).sort((a, b) => a.took - b.took).slice(0, 12);
});

export function connect() {
  socket = new WebSocket(`ws://${location.host}/ws`);
  socket.onopen = () => {
    wait = 250; offsets = []; wire.open = true; last = performance.now();
    for (let i = 0; i < 4; i++) setTimeout(sync, i * 60);
    tell("connected");
    send("hello", 0, "panel");
    tell("found");
  };
  socket.onmessage = ({ data }) => {
    last = performance.now();
    for (const [address, ...args] of JSON.parse(data)) {
      const path = address.startsWith(ROOT) ? address.slice(ROOT.length) : address;
      tell("*", path, ...args);
      tell(path, ...args);
    }
    tell("read");
  };
  socket.onclose = () => {
    wire.open = false;
    tell("lost");
    setTimeout(connect, wait + Math.random() * 100);
    wait = Math.min(wait * 1.6, 3000);
  };
}

setInterval(() => {
  sync();
  if (wire.open && performance.now() - last > LOST_AFTER) { socket.onclose(); socket.onclose = null; socket.close(); }
}, SYNC_EVERY);
