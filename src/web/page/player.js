// Plays a clip. The audio context's clock is the only one: notes are scheduled by it a little ahead, and the cursor is read from it.
import { lowerBound } from './clip.js';

const AHEAD = 0.25;             // seconds that are scheduled in advance
const AHEAD_IN_BACKGROUND = 2;  // where the browser calls timers once a second
const EVERY = 50;               // milliseconds
const BEGINS_IN = 0.06;         // seconds from a command to the first sound
const MOST_VOICES = 96;
const FADE = 0.02;

// By General MIDI's program families: overtones from the first, and how a tone begins, decays to a level, and ends (seconds).
const PLUCKED = { overtones: [1, 0.5, 0.28, 0.14, 0.08, 0.04], attack: 0.004, decay: 0.9, level: 0.12, release: 0.12 };
const MALLET = { overtones: [1, 0.1, 0.05, 0.25], attack: 0.002, decay: 0.6, level: 0.04, release: 0.2 };
const ORGAN = { overtones: [1, 0.6, 0.35, 0.3, 0.1, 0.15], attack: 0.015, decay: 0.1, level: 0.75, release: 0.06 };
const BOWED = { overtones: [1, 0.6, 0.45, 0.3, 0.2, 0.14, 0.1], attack: 0.06, decay: 0.2, level: 0.7, release: 0.16 };
const BLOWN = { overtones: [1, 0.35, 0.3, 0.12, 0.08], attack: 0.03, decay: 0.15, level: 0.75, release: 0.08 };
const FAMILIES = [PLUCKED, MALLET, ORGAN, PLUCKED, PLUCKED, BOWED, BOWED, BLOWN, BLOWN, BLOWN, ORGAN, BOWED, BOWED, PLUCKED, MALLET, BOWED];

// Drums are noise through a filter; those with a pitch are a falling tone.
const DRUMS = [
  { keys: [35, 36], tone: [130, 45], length: 0.22 },
  { keys: [41, 43, 45, 47, 48, 50, 60, 61, 62, 63, 64], tone: [220, 90], length: 0.25 },
  { keys: [37, 38, 39, 40], filter: 'bandpass', at: 1800, length: 0.18 },
  { keys: [42, 44, 54, 69, 70], filter: 'highpass', at: 7000, length: 0.05 },
  { keys: [46, 49, 51, 52, 53, 55, 57, 59], filter: 'highpass', at: 5000, length: 0.45 },
];
const OTHER_DRUM = { filter: 'bandpass', at: 2500, length: 0.1 };

const frequencyOf = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

export class Player {
  // onMove(position) is called once a frame while it plays, onState() when it begins and ends.
  constructor({ onMove, onState }) {
    this.onMove = onMove;
    this.onState = onState;
    this.clip = null;
    this.isPlaying = false;
    this.isLooped = false;
    this.range = { start: 0, end: 0 };
    this.place = 0;        // seconds in the clip, while it does not play
    this.voices = new Set();
  }

  load(clip) {
    this.pause();
    this.clip = clip;
    this.range = { start: 0, end: clip.duration };
    this.place = 0;
  }

  // What is played: a passage, or all.
  setRange(start, end) {
    this.range = { start, end };
    if (this.isPlaying) this.seek(this.position);
  }

  get position() {
    if (!this.isPlaying) return this.place;
    const now = this.context.currentTime - (this.context.outputLatency || 0);
    let line = this.timeline[0];
    for (const next of this.timeline) if (next.time <= now) line = next;
    return Math.min(Math.max(line.place, line.place + now - line.time), line.until);
  }

  seek(place) {
    const wasPlaying = this.isPlaying;
    if (wasPlaying) this.halt();
    this.place = place;
    if (wasPlaying) this.begin();
  }

  async play() {
    if (this.isPlaying || !this.clip) return;
    this.open();
    await this.context.resume();
    if (this.isPlaying) return;
    const { start, end } = this.range;
    if (this.place < start - 1e-3 || this.place >= end - 1e-3) this.place = start;
    this.begin();
    this.onState();
  }

  pause() {
    if (!this.isPlaying) return;
    this.place = this.position;
    this.halt();
    this.onState();
  }

  open() {
    if (this.context) return;
    this.context = new AudioContext();
    const limiter = new DynamicsCompressorNode(this.context, { threshold: -10, knee: 6, ratio: 20, attack: 0.002, release: 0.15 });
    this.master = new GainNode(this.context, { gain: 0.5 });
    this.master.connect(limiter).connect(this.context.destination);
    this.waves = new Map(FAMILIES.map((family) => {
      const imaginary = Float32Array.from([0, ...family.overtones]);
      return [family, this.context.createPeriodicWave(new Float32Array(imaginary.length), imaginary)];
    }));
    this.noise = new AudioBuffer({ length: this.context.sampleRate, sampleRate: this.context.sampleRate });
    const samples = this.noise.getChannelData(0);
    for (let i = 0; i < samples.length; ++i) samples[i] = Math.random() * 2 - 1;
  }

  begin() {
    this.isPlaying = true;
    this.timeline = [];  // pieces of the clip by the clock's time: {time, place, until}
    const end = this.place < this.range.end ? this.range.end : this.clip.duration;
    this.addLine(this.context.currentTime + BEGINS_IN, this.place, end);
    this.resumeNotes();
    this.timer = setInterval(() => this.schedule(), EVERY);
    this.schedule();
    const frame = () => {
      if (!this.isPlaying) return;
      this.onMove(this.position);
      this.frame = requestAnimationFrame(frame);
    };
    this.frame = requestAnimationFrame(frame);
  }

  halt() {
    this.isPlaying = false;
    clearInterval(this.timer);
    cancelAnimationFrame(this.frame);
    const now = this.context.currentTime;
    for (const { source, gain } of this.voices) {
      gain.gain.cancelScheduledValues(now);
      gain.gain.setTargetAtTime(0, now, FADE / 3);
      source.stop(now + FADE);
    }
    this.voices.clear();
  }

  addLine(time, place, until) {
    this.timeline = [...this.timeline.slice(-3), { time, place, until }];
    this.scheduledTo = place;
  }

  schedule() {
    const horizon = this.context.currentTime + (document.hidden ? AHEAD_IN_BACKGROUND : AHEAD);
    for (;;) {
      const line = this.timeline.at(-1);
      const to = Math.min(line.place + horizon - line.time, line.until);
      this.scheduleNotes(line, this.scheduledTo, to);
      this.scheduledTo = Math.max(to, this.scheduledTo);
      if (to < line.until) return;
      const ends = line.time + line.until - line.place;
      if (!this.isLooped) return this.endAt(ends);
      this.addLine(ends, this.range.start, Math.max(this.range.end, this.range.start + 0.05));
    }
  }

  endAt(time) {
    if (this.context.currentTime < time + BEGINS_IN) return;
    this.place = this.range.start;
    this.halt();
    this.onMove(this.place);
    this.onState();
  }

  scheduleNotes(line, from, to) {
    const { starts, ends } = this.clip;
    for (let i = lowerBound(starts, from); i < starts.length && starts[i] < to; ++i) {
      const until = Math.min(ends[i], line.until);
      this.playNote(i, line.time + starts[i] - line.place, until - starts[i]);
    }
  }

  // Notes that sound already where playing begins.
  resumeNotes() {
    const [line] = this.timeline;
    const [first, last] = this.clip.sounding(line.place, line.place);
    for (let i = first; i < last; ++i) {
      const left = Math.min(this.clip.ends[i], line.until) - line.place;
      if (left > 0.1) this.playNote(i, line.time, left);
    }
  }

  playNote(index, time, length) {
    if (this.voices.size >= MOST_VOICES) return;
    const { is_drum: isDrum, program } = this.clip.tracks[this.clip.owners[index]];
    const pitch = this.clip.pitches[index];
    const loudness = 0.3 * (this.clip.velocities[index] / 127) ** 1.5;
    if (isDrum) this.playDrum(pitch, time, loudness);
    else this.playTone(FAMILIES[program >> 3], pitch, time, length, loudness);
  }

  playTone(family, pitch, time, length, loudness) {
    const source = new OscillatorNode(this.context, { frequency: frequencyOf(pitch) });
    source.setPeriodicWave(this.waves.get(family));
    const gain = new GainNode(this.context, { gain: 0 });
    const end = time + Math.max(length, family.attack);
    gain.gain.setValueAtTime(0, time);
    gain.gain.linearRampToValueAtTime(loudness, time + family.attack);
    gain.gain.setTargetAtTime(loudness * family.level, time + family.attack, family.decay / 2);
    gain.gain.setTargetAtTime(0, end, family.release / 3);
    this.start({ source, gain }, source.connect(gain), time, end + family.release * 2);
  }

  playDrum(key, time, loudness) {
    const drum = DRUMS.find(({ keys }) => keys.includes(key)) ?? OTHER_DRUM;
    const gain = new GainNode(this.context, { gain: 0 });
    gain.gain.setValueAtTime(loudness * 1.4, time);
    gain.gain.setTargetAtTime(0, time, drum.length / 3);
    if (drum.tone) {
      const source = new OscillatorNode(this.context, { frequency: drum.tone[0] });
      source.frequency.setValueAtTime(drum.tone[0], time);
      source.frequency.exponentialRampToValueAtTime(drum.tone[1], time + drum.length);
      return this.start({ source, gain }, source.connect(gain), time, time + drum.length * 2);
    }
    const source = new AudioBufferSourceNode(this.context, { buffer: this.noise, loop: true });
    const filter = new BiquadFilterNode(this.context, { type: drum.filter, frequency: drum.at });
    this.start({ source, gain }, source.connect(filter).connect(gain), time, time + drum.length * 2);
  }

  start(voice, last, time, end) {
    last.connect(this.master);
    this.voices.add(voice);
    voice.source.onended = () => {
      this.voices.delete(voice);
      last.disconnect();
    };
    voice.source.start(time);
    voice.source.stop(end);
  }
}
