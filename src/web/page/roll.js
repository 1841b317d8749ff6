// The piano roll. Notes are on one canvas, which is drawn when the view changes; passage and cursor are on another, which is drawn as they
// move. Only what can be seen is drawn.
import { isBlackKey, lowerBound, pitchName } from './clip.js';

const GUTTER = 44, RULER = 24, MARGIN = 16;  // CSS pixels
const MOST_ZOOM = 1000;                      // pixels a second
const TRACK_COLOURS = 8;
const CLICK = 4;                             // pixels that a pointer may move in a click

const at = (id) => document.getElementById(id);

export class Roll {
  // Calls: onSeek(time), onMark(start, end).
  constructor({ onSeek, onMark }) {
    this.onSeek = onSeek;
    this.onMark = onMark;
    this.scroller = at('scroller');
    this.layers = at('layers');
    this.notes = at('roll');
    this.overlay = at('overlay');
    this.clip = null;
    this.passage = null;  // {start, end}; null: the whole piece
    this.cursor = 0;
    this.heat = null;     // [{start, end, pitch, heat}], largest: 1
    this.zoom = 1;        // pixels a second
    this.isFitted = true;
    new ResizeObserver(() => this.resize()).observe(this.scroller);
    this.scroller.addEventListener('scroll', () => this.drawAll());
    this.scroller.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    for (const change of [matchMedia('(prefers-color-scheme: dark)'), matchMedia('(prefers-contrast: more)')]) {
      change.addEventListener('change', () => this.readColours());
    }
    this.followPointer();
    this.readColours();
  }

  show(clip) {
    this.clip = clip;
    this.passage = null;
    this.heat = null;
    this.cursor = 0;
    const extra = Math.max(0, 24 - (clip.highest - clip.lowest)) / 2;  // at least two octaves
    this.low = Math.max(0, Math.floor(clip.lowest - 2 - extra));
    this.high = Math.min(127, Math.ceil(clip.highest + 2 + extra));
    this.resize();
    this.fit();
  }

  mark(passage) {
    this.passage = passage;
    this.drawOverlay();
  }

  showHeat(heat) {
    this.heat = heat;
    this.drawNotes();
  }

  // `isFollowed`: the view goes with it.
  moveCursor(time, isFollowed = true) {
    this.cursor = time;
    const x = this.xOf(time);
    if (isFollowed && (x < GUTTER || x > this.width - MARGIN)) this.scrollTo(time - (this.visible() * 0.1));
    this.drawOverlay();
  }

  fit() {
    this.isFitted = true;
    this.zoom = this.fittedZoom();
    this.setExtent();
    this.scrollTo(0);
  }

  // Keeps the time at `x` where it is.
  zoomBy(factor, x = this.xOf(this.cursor)) {
    if (!this.clip) return;
    const held = x >= GUTTER && x <= this.width ? x : (GUTTER + this.width) / 2;
    const time = this.timeAt(held);
    const fitted = this.fittedZoom();
    this.zoom = Math.max(fitted, Math.min(this.zoom * factor, Math.max(MOST_ZOOM, fitted)));
    this.isFitted = this.zoom === fitted;
    this.setExtent();
    this.scrollTo(time - (held - GUTTER) / this.zoom);
  }

  // Geometry. The view begins at `from()` seconds, at x = GUTTER.
  from() { return this.scroller.scrollLeft / this.zoom; }
  visible() { return (this.width - GUTTER) / this.zoom; }
  fittedZoom() { return (this.width - GUTTER - MARGIN) / Math.max(this.clip.duration, 0.1); }
  xOf(time) { return GUTTER + (time - this.from()) * this.zoom; }
  timeAt(x) { return Math.max(0, Math.min(this.from() + (x - GUTTER) / this.zoom, this.clip.duration)); }
  get rowHeight() { return (this.height - RULER) / (this.high - this.low + 1); }
  yOf(pitch) { return RULER + (this.high - pitch) * this.rowHeight; }

  setExtent() {
    at('extent').style.width = `${Math.ceil(GUTTER + this.clip.duration * this.zoom + MARGIN) - (this.isFitted ? 1 : 0)}px`;
  }

  scrollTo(time) {
    this.scroller.scrollLeft = Math.max(0, time * this.zoom);
    this.drawAll();
  }

  resize() {
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    if (!this.clip || !this.width) return;
    const scale = window.devicePixelRatio || 1;
    this.layers.style.width = `${this.width}px`;
    for (const canvas of [this.notes, this.overlay]) {
      canvas.width = Math.round(this.width * scale);
      canvas.height = Math.round(this.height * scale);
      canvas.getContext('2d').setTransform(scale, 0, 0, scale, 0, 0);
    }
    if (this.isFitted) this.fit();
    else this.drawAll();
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colours = {};
    for (const name of ['roll', 'roll-black', 'roll-line', 'roll-bar', 'ink', 'quiet', 'accent', 'warm', 'cool', 'panel']) {
      this.colours[name] = colour(name);
    }
    this.trackColours = Array.from({ length: TRACK_COLOURS }, (_, i) => colour(`track-${i}`));
    this.drawAll();
  }

  // One drawing a frame, however much changes in between.
  drawAll() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.drawNotes();
      this.drawOverlay();
    });
  }

  drawNotes() {
    if (!this.clip || !this.width) return;
    const to = this.notes.getContext('2d');
    to.clearRect(0, 0, this.width, this.height);
    this.drawRows(to);
    this.drawGrid(to);
    to.save();
    to.beginPath();
    to.rect(GUTTER, RULER, this.width - GUTTER, this.height - RULER);
    to.clip();
    this.drawClip(to);
    if (this.heat) this.drawHeat(to);
    to.restore();
    this.drawNames(to);
  }

  drawRows(to) {
    to.fillStyle = this.colours.roll;
    to.fillRect(0, 0, this.width, this.height);
    for (let pitch = this.low; pitch <= this.high; ++pitch) {
      const y = this.yOf(pitch);
      to.fillStyle = this.colours['roll-black'];
      if (isBlackKey(pitch)) to.fillRect(0, y, this.width, this.rowHeight);
      to.fillStyle = this.colours['roll-line'];
      if (pitch % 12 === 0) to.fillRect(0, Math.round(y + this.rowHeight) - 1, this.width, 1);
    }
  }

  drawGrid(to) {
    const { bars, beats, steps } = this.clip;
    if (bars.length < 2) return this.drawLines(to, steps, this.everyOf(steps, 12), 'roll-line', RULER);
    if (this.everyOf(beats, 7) === 1) this.drawLines(to, beats, 1, 'roll-line', RULER);
    this.drawLines(to, bars, this.everyOf(bars, 14), 'roll-bar', 4);
    to.fillStyle = this.colours.quiet;
    to.font = '12px system-ui, sans-serif';
    to.textBaseline = 'middle';
    to.textAlign = 'left';
    for (const bar of this.seen(bars, this.everyOf(bars, 34))) {
      if (bar + 1 < bars.length) to.fillText(bar + 1, this.xOf(bars[bar]) + 4, RULER / 2 + 1);
    }
  }

  // Of times that are `least` pixels apart at least: each, or every 2nd, 4th, …
  everyOf(times, least) {
    const spacing = this.zoom * this.clip.duration / times.length;
    return 2 ** Math.max(0, Math.ceil(Math.log2(least / spacing)));
  }

  // The indices of those that can be seen.
  * seen(times, every) {
    const end = this.from() + this.visible();
    const first = lowerBound(times, this.from() - 1e-6);
    for (let i = Math.ceil(first / every) * every; i < times.length && times[i] <= end; i += every) yield i;
  }

  drawLines(to, times, every, colour, top) {
    to.fillStyle = this.colours[colour];
    for (const i of this.seen(times, every)) to.fillRect(Math.round(this.xOf(times[i])), top, 1, this.height);
  }

  drawClip(to) {
    const { clip } = this;
    const colours = clip.tracks.map((_, track) => this.heat ? this.colours.quiet : this.trackColours[track % TRACK_COLOURS]);
    const height = this.noteHeight;
    const from = this.from(), { zoom } = this;
    const drawnTo = new Float32Array(128);  // of narrow notes that begin in one pixel one is drawn
    let owner = -1;
    const [first, last] = clip.sounding(from, from + this.visible());
    for (let i = first; i < last; ++i) {
      const x = GUTTER + (clip.starts[i] - from) * zoom, width = Math.max((clip.ends[i] - clip.starts[i]) * zoom - 0.5, 1);
      const pitch = clip.pitches[i];
      if (x + width < GUTTER || (width <= 1 && x < drawnTo[pitch])) continue;
      drawnTo[pitch] = Math.floor(x) + 1;
      if (clip.owners[i] !== owner) to.fillStyle = colours[owner = clip.owners[i]];
      to.globalAlpha = this.heat ? 0.25 : 0.4 + 0.6 * clip.velocities[i] / 127;
      this.drawNote(to, x, this.yOf(pitch), width, height);
    }
    to.globalAlpha = 1;
  }

  // Neighbouring keys are apart where there is room.
  get noteHeight() { return Math.max(this.rowHeight - (this.rowHeight > 6 ? 1 : 0), 1.5); }

  drawHeat(to) {
    const height = this.noteHeight;
    for (const { start, end, pitch, heat } of this.heat) {
      to.fillStyle = heat < 0 ? this.colours.cool : this.colours.warm;
      to.globalAlpha = 0.06 + 0.94 * Math.abs(heat);
      this.drawNote(to, this.xOf(start), this.yOf(pitch), Math.max((end - start) * this.zoom - 0.5, 1), height);
    }
    to.globalAlpha = 1;
  }

  drawNote(to, x, y, width, height) {
    if (width < 5 || height < 5) return to.fillRect(x, y, width, height);
    to.beginPath();
    to.roundRect(x, y, width, height, 2);
    to.fill();
  }

  // Every C, and as many of the other white keys as there is room for.
  drawNames(to) {
    to.fillStyle = this.colours.panel;
    to.fillRect(0, 0, GUTTER - 1, this.height);
    to.fillStyle = this.colours['roll-bar'];
    to.fillRect(GUTTER - 1, 0, 1, this.height);
    to.fillRect(0, RULER - 1, this.width, 1);
    to.font = '11px system-ui, sans-serif';
    to.textBaseline = 'middle';
    to.textAlign = 'right';
    for (let pitch = this.low; pitch <= this.high; ++pitch) {
      const key = pitch % 12, isC = key === 0, isNextToAnother = key === 5 || key === 11;
      if (!isC && (isBlackKey(pitch) || this.rowHeight < (isNextToAnother ? 13 : 7))) continue;
      to.fillStyle = isC ? this.colours.ink : this.colours.quiet;
      to.fillText(pitchName(pitch), GUTTER - 8, this.yOf(pitch) + this.rowHeight / 2);
    }
  }

  drawOverlay() {
    if (!this.clip || !this.width) return;
    const to = this.overlay.getContext('2d');
    to.clearRect(0, 0, this.width, this.height);
    to.save();
    to.beginPath();
    to.rect(GUTTER, 0, this.width - GUTTER, this.height);
    to.clip();
    if (this.passage) this.drawPassage(to);
    to.fillStyle = this.colours.accent;
    const x = Math.round(this.xOf(this.cursor));
    to.fillRect(x - 1, 0, 2, this.height);
    to.beginPath();
    to.moveTo(x - 6, 0);
    to.lineTo(x + 6, 0);
    to.lineTo(x, 9);
    to.fill();
    to.restore();
  }

  drawPassage(to) {
    const left = this.xOf(this.passage.start), right = this.xOf(this.passage.end);
    to.fillStyle = this.colours.roll;
    to.globalAlpha = 0.62;
    to.fillRect(GUTTER, RULER, left - GUTTER, this.height);
    to.fillRect(right, RULER, this.width - right, this.height);
    to.globalAlpha = 1;
    to.fillStyle = this.colours.accent;
    to.fillRect(left, RULER - 4, right - left, 4);
    for (const x of [left, right]) to.fillRect(Math.round(x) - 1, RULER - 4, 2, this.height);
  }

  wheel(event) {
    if (!this.clip || !event.ctrlKey) return;
    event.preventDefault();
    this.zoomBy(Math.exp(-event.deltaY / 300), event.clientX - this.layers.getBoundingClientRect().left);
  }

  // A click moves the cursor, a drag marks. A finger on the notes scrolls instead; it marks along the bar numbers.
  followPointer() {
    let drag = null;
    const position = (event) => event.clientX - this.layers.getBoundingClientRect().left;
    const time = (event) => {
      const exact = this.timeAt(position(event));
      return event.altKey ? exact : this.clip.snapped(exact);
    };
    this.layers.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || (event.pointerType === 'touch' && event.target.id !== 'ruler')) return;
      drag = { x: position(event), from: time(event), isMark: false };
      this.layers.setPointerCapture(event.pointerId);
      this.notes.focus({ preventScroll: true });
      event.preventDefault();
    });
    this.layers.addEventListener('pointermove', (event) => {
      if (!drag) return;
      drag.isMark ||= Math.abs(position(event) - drag.x) > CLICK;
      if (drag.isMark) this.onMark(Math.min(drag.from, time(event)), Math.max(drag.from, time(event)));
    });
    this.layers.addEventListener('pointerup', (event) => {
      if (drag && !drag.isMark) this.onSeek(this.timeAt(position(event)));
      drag = null;
    });
    this.layers.addEventListener('pointercancel', () => { drag = null; });
    this.notes.addEventListener('click', (event) => {  // a tap
      if (event.pointerType === 'touch') this.onSeek(this.timeAt(position(event)));
    });
  }
}
