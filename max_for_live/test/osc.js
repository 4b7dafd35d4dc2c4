'use strict';
// OSC messages of strings, ints and floats, as Max sends and takes them.
const pad = (b) => Buffer.concat([b, Buffer.alloc(4 - (b.length % 4))]);
function encode(address, args) {
  const tags = [], data = [];
  for (const a of args) {
    if (typeof a === 'string') { tags.push('s'); data.push(pad(Buffer.from(a, 'utf8'))); }
    else { const b = Buffer.alloc(4); if (Number.isInteger(a)) { tags.push('i'); b.writeInt32BE(a); } else { tags.push('f'); b.writeFloatBE(a); } data.push(b); }
  }
  return Buffer.concat([pad(Buffer.from(address)), pad(Buffer.from(',' + tags.join(''))), ...data]);
}
function decode(m) {
  let at = 0;
  const string = () => { const end = m.indexOf(0, at), s = m.toString('utf8', at, end); at = (end + 4) & ~3; return s; };
  const address = string(), tags = string().slice(1);
  return [address, [...tags].map((t) => { if (t === 's') return string(); at += 4; return t === 'i' ? m.readInt32BE(at - 4) : m.readFloatBE(at - 4); })];
}
module.exports = { encode, decode };
