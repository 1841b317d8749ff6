// How much of a clip was heard: the parts that were played, wherever they were begun.

const STEP = 0.1;        // seconds
const LONGEST_GAP = 2.5;  // between two looks at the player; in the background, browsers look once a second

export class Hearing {
  constructor(duration) {
    this.duration = duration;
    this.steps = new Uint8Array(Math.ceil(duration / STEP));
    this.last = null;
  }

  // Where playing begins, or goes on elsewhere.
  begin(place) {
    this.last = place;
  }

  // Playing has come to `place`.
  reach(place) {
    if (this.last !== null && place > this.last && place - this.last < LONGEST_GAP) {
      for (let i = Math.floor(this.last / STEP); i * STEP < place && i < this.steps.length; ++i) this.steps[i] = 1;
    }
    this.last = place;
  }

  get seconds() {
    return Math.min(this.duration, STEP * this.steps.reduce((sum, step) => sum + step, 0));
  }
}
