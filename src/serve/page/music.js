// The music that questions are about: a file or example that the server keeps, and the passage that is marked in it.
import { callForJson } from './api.js';
import { Clip, seconds } from './clip.js';

const LARGEST = 11 * 1024 * 1024;  // bytes; in base64 it must fit into a request

function dataUrlOf(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(`${file.name} cannot be read.`));
    reader.readAsDataURL(file);
  });
}

// "ryansMammoth-PigtownFling-1" → "ryans Mammoth Pigtown Fling 1"
export function readable(name) {
  return name.replace(/\.(midi?|kar|rmi)$/i, '').replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').replace(/[-_]+/g, ' ').trim();
}

async function loaded(request) {
  return { clip: new Clip(await callForJson('/v1/clips', request)), request };
}

// What Music.take() takes.
export async function loadFile(file) {
  if (file.size > LARGEST) throw new Error(`${file.name} is larger than the 11 MiB that can be sent.`);
  return loaded({ filename: file.name, file_data: await dataUrlOf(file) });
}
export const loadExample = (id) => loaded({ id });

export class Music {
  clip = null;
  passage = null;  // {start, end} in seconds; null: the whole piece
  name = '';
  request = null;  // what the clip was had with, and is had again

  take({ clip, request }) {
    this.clip = clip;
    this.request = request;
    this.passage = null;
    this.name = readable(clip.name) || 'Untitled';
  }

  // Where the server has forgotten the clip.
  async renew() {
    const { id } = await callForJson('/v1/clips', this.request);
    this.clip.id = id;
  }

  get start() { return this.passage?.start ?? 0; }
  get end() { return this.passage?.end ?? this.clip?.duration ?? 0; }

  part() {
    const clip = { id: this.clip.id };
    if (this.passage) Object.assign(clip, { start: this.start, duration: this.end - this.start });
    return { type: 'clip', clip };
  }

  about() {
    return this.passage ? `${this.name}, ${this.clip.placeOf(this.start, this.end)}` : this.name;
  }

  // The passage in words.
  place() {
    if (!this.passage) return 'the whole piece';
    const count = this.clip.countOf(this.start, this.end);
    const place = this.clip.placeOf(this.start, this.end);
    const times = place.includes('s to') ? '' : ` (${seconds(this.start)} to ${seconds(this.end)})`;
    return `${place}${times}, ${count ? count.toLocaleString('en') : 'no'} note${count === 1 ? '' : 's'}`;
  }
}
