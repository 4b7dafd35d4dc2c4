// An AudioWorklet that plays chunks rendered by synth_worker.js, and tells the worker how far it is.
const AHEAD = 0.06, TELL = 4; // seconds rendered ahead at first, blocks between two reports
const MOST = 1, GROWTH = 1.3, PATIENCE = 100; // seconds rendered ahead at most on a busy machine; blocks between two growths
const CALM = 2000; // blocks without a late one after which less is rendered ahead again

class SynthOutput extends AudioWorkletProcessor {
  constructor() {
    super();
    this.chunks = [];
    this.blocks = 0;
    this.ahead = AHEAD;
    this.late = this.grown = this.calmFrom = 0; // blocks that came too late, the block of the last growth, that from which none was late
    this.begun = false;
    this.worker = null; // the port to the worker comes first
    this.port.onmessage = ({ data: { port } }) => {
      this.worker = port;
      port.onmessage = ({ data }) => this.chunks.push(data);
    };
  }

  process(_, [[left, right]]) {
    const frame = currentFrame, size = left.length;
    while (this.chunks.length && this.chunks[0].at + this.chunks[0].left.length <= frame) this.chunks.shift();
    const chunk = this.chunks[0];
    if (chunk && chunk.at <= frame) {
      const from = frame - chunk.at;
      left.set(chunk.left.subarray(from, from + size));
      right?.set(chunk.right.subarray(from, from + size));
    } else if (this.chunks.length || this.begun) { // too late
      this.late++;
      if (this.blocks - this.grown > PATIENCE) { this.ahead = Math.min(MOST, this.ahead * GROWTH); this.grown = this.blocks; }
      this.calmFrom = this.blocks;
    }
    if (this.blocks - this.calmFrom > CALM) { this.ahead = Math.max(AHEAD, this.ahead / GROWTH); this.calmFrom = this.blocks; }
    this.begun ||= chunk !== undefined;
    if (this.worker && this.blocks++ % TELL === 0) {
      this.worker.postMessage({ from: frame, until: frame + Math.round(this.ahead * sampleRate) });
      if (this.blocks % 400 === 1) this.port.postMessage({ ahead: this.ahead, late: this.late });
    }
    return true;
  }
}
registerProcessor("synth-output", SynthOutput);
