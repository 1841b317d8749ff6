// A clip as the server describes it, in arrays that views and players search.

const PITCHES = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];

// "C4" is middle C, MIDI's 60.
export const pitchName = (pitch) => PITCHES[pitch % 12] + (Math.floor(pitch / 12) - 1);
export const isBlackKey = (pitch) => [1, 3, 6, 8, 10].includes(pitch % 12);

export const seconds = (time) => `${time.toFixed(1)} s`;
export const counted = (count, noun) => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

// "1:02.5"
export function clock(time) {
  const tenths = Math.round(time * 10);
  return `${Math.floor(tenths / 600)}:${(tenths % 600 / 10).toFixed(1).padStart(4, '0')}`;
}

// The first index whose value is at least `value`, or the length.
export function lowerBound(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The first index whose value is more than `value`, or the length.
export function upperBound(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Clip {
  constructor({ id, name, duration, tracks, notes, beats, bars, explainable }) {
    Object.assign(this, { id, name, duration, tracks, explainable });
    this.beats = Float64Array.from(beats);
    this.bars = Float64Array.from(bars);  // the last one is where the piece ends
    this.count = notes.length;
    this.starts = Float64Array.from(notes, (note) => note[0]);
    this.ends = Float64Array.from(notes, (note) => note[1]);
    this.pitches = Uint8Array.from(notes, (note) => note[2]);
    this.velocities = Uint8Array.from(notes, (note) => note[3]);
    this.owners = Uint16Array.from(notes, (note) => note[4]);  // indices of tracks
    this.latest = this.ends.slice();                           // of all ends so far: sorted, as ends are not
    for (let i = 1; i < this.count; ++i) this.latest[i] = Math.max(this.latest[i], this.latest[i - 1]);
    this.lowest = this.pitches.reduce((a, b) => Math.min(a, b), 127);
    this.highest = this.pitches.reduce((a, b) => Math.max(a, b), 0);
  }

  // Notes that sound in [from, to) are among these indices: [first, last).
  sounding(from, to) {
    return [upperBound(this.latest, from), lowerBound(this.starts, to)];
  }

  // Notes that start in [from, to): those that a passage has.
  countOf(from, to) {
    return lowerBound(this.starts, to) - lowerBound(this.starts, from);
  }

  // The number of the bar that a time is in, from 1; 0 where the file has no bars.
  barAt(time) {
    return Math.min(upperBound(this.bars, time + 1e-3), Math.max(this.bars.length - 1, 0));
  }

  // "bars 2–4", or the seconds where there are no bars.
  placeOf(from, to) {
    if (this.bars.length < 2) return `${seconds(from)} to ${seconds(to)}`;
    const first = this.barAt(from), last = this.barAt(to - 2e-3);
    return first === last ? `bar ${first}` : `bars ${first}–${last}`;
  }

  // Where beats begin, or every half second where the file has none.
  get steps() {
    this.halves ??= Float64Array.from({ length: Math.ceil(this.duration * 2) + 1 }, (_, i) => i / 2);
    return this.beats.length > 1 ? this.beats : this.halves;
  }

  // The nearest step, or the end of the piece.
  snapped(time) {
    const next = lowerBound(this.steps, time);
    const before = this.steps[next - 1] ?? 0, after = Math.min(this.steps[next] ?? this.duration, this.duration);
    return time - before < after - time ? before : after;
  }

  // The time `count` entries of `grid` after (or before) `time`.
  moved(grid, time, count) {
    const index = count > 0 ? upperBound(grid, time + 1e-3) + count - 1 : lowerBound(grid, time - 1e-3) + count;
    return Math.max(0, Math.min(grid[Math.max(index, 0)] ?? this.duration, this.duration));
  }

  describe() {
    const range = this.count ? `, ${pitchName(this.lowest)} to ${pitchName(this.highest)}` : '';
    const bars = this.bars.length > 1 ? `, ${counted(this.bars.length - 1, 'bar')}` : '';
    return `${seconds(this.duration)}${bars}, ${counted(this.tracks.length, 'track')}, ${counted(this.count, 'note')}${range}.`;
  }
}
