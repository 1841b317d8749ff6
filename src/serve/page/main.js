// Puts the page together: what is opened, seen, heard, marked and asked.
import { callForJson } from './api.js';
import { clock, pitchName, seconds } from './clip.js';
import { Conversation } from './conversation.js';
import { programName } from './instruments.js';
import { loadExample, loadFile, Music, readable } from './music.js';
import { Player } from './player.js';
import { Roll } from './roll.js';

const SUGGESTIONS = ['What key is the tune in?', 'What is the meter?', 'What kind of dance is this?', 'Describe this music.'];
const SHORTEST = 0.05;  // seconds of a passage

const at = (id) => document.getElementById(id);
const say = (text) => { at('status').textContent = text; };

const music = new Music();
const roll = new Roll({ onSeek: seek, onMark: mark });
const player = new Player({ onMove: showPosition, onState: showPlaying });
const conversation = new Conversation({ music, onExplained: showHeat, say });

// Opening

let opened = 0;  // only what was asked for last is shown
async function open(loading, name) {
  const number = ++opened;
  at('file-status').textContent = '';
  at('music').setAttribute('aria-busy', 'true');
  say(`Reading ${name}…`);
  try {
    const loaded = await loading;
    if (number !== opened) return;
    music.take(loaded);
    showClip();
  } catch (error) {
    if (number === opened) at('file-status').textContent = error.message;
  } finally {
    at('music').removeAttribute('aria-busy');
  }
}

const openFile = (file) => open(loadFile(file), file.name);
const openExample = (id, name) => open(loadExample(id), name);

function showClip() {
  const { clip, name } = music;
  conversation.begin();
  conversation.open();
  player.load(clip);
  hideHeat();
  at('title').textContent = name;
  document.title = `${name} – midillama`;
  at('welcome').hidden = true;
  at('viewer').hidden = false;
  at('summary').textContent = clip.describe();
  at('examples').value = music.request.id ?? '';
  showTracks();
  roll.show(clip);
  showPassage();
  showPosition(0);
  say(`${name}: ${clip.describe()}`);
}

function showTracks() {
  at('tracks').replaceChildren(...music.clip.tracks.map((track, index) => {
    const item = document.createElement('li');
    const swatch = document.createElement('span');
    swatch.className = `swatch track-${index % 8}`;
    const instrument = track.is_drum ? 'Drums' : programName(track.program);
    const name = track.name.trim();
    item.append(swatch, name && name !== instrument ? `${name} · ${instrument}` : instrument);
    return item;
  }));
}

async function showServer() {
  try {
    const [models, examples] = await Promise.all([callForJson('/v1/models'), callForJson('/v1/clips')]);
    at('model').textContent = models.data[0]?.id ?? '';
    showExamples(examples.data);
  } catch (error) {
    at('file-status').textContent = error.message;
  }
}

function showExamples(examples) {
  const choices = examples.map(({ id, name }) => new Option(readable(name), id));
  at('examples').replaceChildren(new Option(examples.length ? 'Choose…' : 'None', ''), ...choices);
  at('examples').disabled = !examples.length;
  at('example-list').replaceChildren(...examples.map(({ id, name }) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: readable(name) });
    button.addEventListener('click', () => openExample(id, readable(name)));
    const item = document.createElement('li');
    item.append(button);
    return item;
  }));
}

for (const id of ['choose', 'choose-here']) at(id).addEventListener('click', () => at('file').click());
at('file').addEventListener('change', (event) => {
  const [file] = event.target.files;
  if (file) openFile(file);
  event.target.value = '';
});
at('examples').addEventListener('change', ({ target }) => {
  if (target.value) openExample(target.value, target.selectedOptions[0].text);
});

let inside = 0;  // elements that a dragged file has entered and not left
const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
const showDragging = (depth) => {
  inside = depth;
  document.body.classList.toggle('dragging', inside > 0);
};
addEventListener('dragenter', (event) => holdsFiles(event) && showDragging(inside + 1));
addEventListener('dragleave', (event) => holdsFiles(event) && showDragging(inside - 1));
addEventListener('dragover', (event) => holdsFiles(event) && event.preventDefault());
addEventListener('drop', (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  showDragging(0);
  const [file] = event.dataTransfer.files;
  if (file) openFile(file);
});

// Playing

function seek(time) {
  player.seek(time);
  showPosition(time);
}

function showPosition(time) {
  roll.moveCursor(time);
  const { clip } = music;
  const bar = clip?.barAt(time);
  at('position').textContent = `${clock(time)} / ${clock(clip?.duration ?? 0)}${bar ? ` · bar ${bar}` : ''}`;
}

function showPlaying() {
  at('play').textContent = player.isPlaying ? 'Pause' : 'Play';
}

function togglePlaying() {
  if (player.isPlaying) player.pause();
  else player.play().catch((error) => { at('file-status').textContent = `Sound cannot be played: ${error.message}`; });
}

function toggleLoop() {
  player.isLooped = !player.isLooped;
  at('loop').setAttribute('aria-pressed', player.isLooped);
}

at('play').addEventListener('click', togglePlaying);
at('loop').addEventListener('click', toggleLoop);
at('zoom-in').addEventListener('click', () => roll.zoomBy(1.5));
at('zoom-out').addEventListener('click', () => roll.zoomBy(1 / 1.5));
at('zoom-fit').addEventListener('click', () => roll.fit());

// Marking

function mark(start, end) {
  const { clip } = music;
  const from = Math.max(0, Math.min(start, clip.duration)), to = Math.max(0, Math.min(end, clip.duration));
  const isWhole = from <= 1e-3 && to >= clip.duration - 1e-3;
  if (to - from < SHORTEST) return;
  setPassage(isWhole ? null : { start: from, end: to });
}

function setPassage(passage) {
  music.passage = passage;
  conversation.begin();
  hideHeat();
  player.setRange(music.start, music.end);
  showPassage();
}

function showPassage() {
  roll.mark(music.passage);
  at('start').value = music.start.toFixed(2);
  at('duration').value = (music.end - music.start).toFixed(2);
  at('whole').disabled = !music.passage;
  at('passage').textContent = music.place();
  at('roll').setAttribute('aria-label', `${music.name}: ${music.clip.describe()} Passage: ${music.place()}.`);
}

for (const id of ['start', 'duration']) {
  at(id).addEventListener('change', () => {
    const start = at('start').valueAsNumber, duration = at('duration').valueAsNumber;
    if (start >= 0 && duration > 0) mark(start, start + duration);
    showPassage();
    say(`Passage: ${music.place()}`);
  });
}
at('whole').addEventListener('click', () => {
  setPassage(null);
  say('The whole piece');
  at('roll').focus();
});

// From the keyboard a passage lies between the cursor and where marking began.
let anchor = null;
function moveTo(time, isMarking) {
  anchor = isMarking ? anchor ?? player.position : null;
  seek(time);
  if (!isMarking) return;
  if (Math.abs(time - anchor) < SHORTEST) setPassage(null);
  else mark(Math.min(anchor, time), Math.max(anchor, time));
  say(`Passage: ${music.place()}`);
}

const KEYS = {
  ' ': togglePlaying,
  l: toggleLoop,
  '+': () => roll.zoomBy(1.5),
  '=': () => roll.zoomBy(1.5),
  '-': () => roll.zoomBy(1 / 1.5),
  0: () => roll.fit(),
  Escape: () => music.passage && at('whole').click(),
};

function targetOf(key) {
  const { clip } = music, now = player.position;
  const bars = clip.bars.length > 1 ? clip.bars : clip.steps;
  const targets = {
    ArrowLeft: () => clip.moved(clip.steps, now, -1),
    ArrowRight: () => clip.moved(clip.steps, now, 1),
    PageUp: () => clip.moved(bars, now, -1),
    PageDown: () => clip.moved(bars, now, 1),
    Home: () => 0,
    End: () => clip.duration,
  };
  return targets[key]?.();
}

at('roll').addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = targetOf(event.key);
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (target === undefined && !action) return;
  event.preventDefault();
  if (target === undefined) action();
  else moveTo(target, event.shiftKey);
});
// Space plays wherever it has no meaning of its own.
addEventListener('keydown', (event) => {
  if (event.key !== ' ' || event.target !== document.body || !music.clip) return;
  event.preventDefault();
  togglePlaying();
});

// Explanations

function showHeat(notes, turn) {
  const heatOf = (note) => note.left_out;
  const largest = notes.reduce((most, note) => Math.max(most, Math.abs(heatOf(note))), Number.MIN_VALUE);
  const offset = music.start;
  roll.showHeat(notes.map((note) => ({ start: note.start + offset, end: note.end + offset, pitch: note.pitch, heat: heatOf(note) / largest })));
  const strongest = notes.slice().sort((a, b) => Math.abs(heatOf(b)) - Math.abs(heatOf(a))).slice(0, 5);
  const words = strongest.map((note) => `${pitchName(note.pitch)} at ${seconds(note.start + offset)} (${signed(heatOf(note))})`);
  at('heat-about').textContent = `“${turn.answer}”`;
  at('heat-list').textContent = `Most: ${words.join(', ')}.`;
  at('heat').hidden = false;
  say(`The notes that the answer rests on most: ${words.join(', ')}.`);
}

const signed = (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toPrecision(2)}`;

function hideHeat() {
  roll.showHeat(null);
  at('heat').hidden = true;
}

at('heat-close').addEventListener('click', () => {
  hideHeat();
  at('roll').focus();
});

conversation.suggest(SUGGESTIONS);
showServer();
