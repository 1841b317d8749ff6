// A participant's page: consent, clip after clip with one question at a time, and the finish code. The server knows what is next; the page
// shows it.
import { callForJson, keyInAddress } from './client.js';
import { Clip, clock } from './clip.js';
import { Hearing } from './hearing.js';
import { Player } from './player.js';
import { Roll } from './roll.js';

const LOOKS_EVERY = 100;    // milliseconds, at what is heard
const REPORTS_EVERY = 2;    // seconds that were heard

const at = (id) => document.getElementById(id);
const say = (text) => { at('status').textContent = text; };
const complain = (text) => { at('problem').textContent = text; };
const ask = (path, body = {}) => callForJson(path, body, { onWait: complain });

let next = null;     // the state's: the item and the question that are asked
let clip = null;     // of the item
let hearing = null;  // of the clip, on this page
let reported = 0;    // seconds that the server knows of

const roll = new Roll({ onSeek: seek, onMark: () => {} });
const player = new Player({ onMove: showPosition, onState: showPlaying });

function show(name) {
  for (const id of ['consent', 'judge', 'finished']) at(id).hidden = id !== name;
}

async function guarded(action) {
  try {
    await action();
  } catch (error) {
    if (error.status === 409) return guarded(async () => render(await ask('/v1/state')));  // another device was first
    player.pause();
    complain(error.status === 401 ? 'This link is not valid. Please use the one that you were sent.' : error.message);
  }
  return undefined;
}

async function render(state) {
  at('title').textContent = document.title = state.title;
  at('progress').hidden = !state.consented;
  next = state.next ?? null;
  if (!state.consented) return showConsent(state);
  at('bar').max = state.items;
  at('bar').value = state.done;
  if (!next) return showFinish(state);
  at('place').textContent = `Clip ${state.done + 1} of ${state.items}`;
  if (clip?.item !== next.item) await showItem();
  return showQuestion();
}

function showConsent(state) {
  at('consent-text').innerHTML = state.consent;  // made by the server, without anything active
  show('consent');
}

function showFinish(state) {
  player.pause();
  at('place').textContent = `${state.items} of ${state.items} clips`;
  at('code').textContent = state.finish_code;
  show('finished');
  at('thanks').focus();
}

async function showItem() {
  player.pause();
  const { item } = next;
  clip = new Clip({ ...await ask('/v1/clip', { item }), id: item, name: '', explainable: false });
  clip.item = item;
  hearing = new Hearing(clip.duration);
  reported = next.heard_seconds;
  at('clip-title').textContent = at('place').textContent;
  at('text-left').textContent = next.left || '(no text)';
  at('text-right').textContent = next.right || '(no text)';
  at('question').textContent = '';
  show('judge');
  player.load(clip);
  roll.show(clip);
  at('roll').setAttribute('aria-label', `The clip: ${clip.describe()}`);
  showPosition(0);
  at('clip-title').focus();
}

function showQuestion() {
  const isNew = at('question').dataset.of !== `${next.item} ${next.criterion}`;
  at('number').textContent = next.of > 1 ? `Question ${next.number} of ${next.of}` : '';
  at('asked').disabled = !next.is_open;
  at('listen').hidden = next.is_open;
  showHeard();
  if (!isNew) return;
  at('question').textContent = next.question;
  at('question').dataset.of = `${next.item} ${next.criterion}`;
  at('answer').reset();
  at('more').open = false;
  if (next.number > 1) at('question').focus();
}

// Listening

function showHeard() {
  if (!next) return;
  const heard = Math.max(reported, hearing.seconds);
  at('heard').textContent = next.is_open ? 'heard' : `${Math.floor(heard)} of ${Math.ceil(next.needed_seconds)} s heard`;
}

function look() {
  if (!player.isPlaying || !hearing) return;
  hearing.reach(player.position);
  showHeard();
  const heard = hearing.seconds;
  const isEnough = !next.is_open && heard >= next.needed_seconds && performance.now() > reportedAt + 1000;
  if (isEnough || heard >= reported + REPORTS_EVERY) report();
}

let isReporting = false, reportedAt = -Infinity;  // milliseconds of the page
function report() {
  if (isReporting || !next || hearing.seconds <= reported) return undefined;
  isReporting = true;
  reportedAt = performance.now();
  const { item } = next, heard = hearing.seconds;
  return guarded(async () => {
    const state = await ask('/v1/heard', { item, seconds: heard });
    if (next?.item !== item) return;
    const wasOpen = next.is_open;
    if (state.next?.item === item && state.next.criterion === next.criterion) {
      reported = state.next.heard_seconds;
      next = state.next;
      showQuestion();
      if (!wasOpen && next.is_open) say('The question is open now.');
    } else {
      await render(state);
    }
  }).finally(() => { isReporting = false; });
}

function seek(time) {
  player.seek(time);
  hearing.begin(time);
  showPosition(time);
}

function showPosition(time) {
  roll.moveCursor(time);
  at('position').textContent = `${clock(time)} / ${clock(clip?.duration ?? 0)}`;
}

function showPlaying() {
  at('play').textContent = player.isPlaying ? 'Pause' : 'Play';
  if (player.isPlaying) return hearing.begin(player.position);
  if (player.position > 0) hearing.reach(player.position);  // at its end the player has gone back to the beginning
  showHeard();
  return report();
}

function togglePlaying() {
  if (player.isPlaying) player.pause();
  else player.play().catch((error) => complain(`Sound cannot be played: ${error.message}`));
}

at('play').addEventListener('click', togglePlaying);
at('roll').addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const actions = {
    ' ': togglePlaying,
    ArrowLeft: () => seek(clip.moved(clip.steps, player.position, -1)),
    ArrowRight: () => seek(clip.moved(clip.steps, player.position, 1)),
    Home: () => seek(0),
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
});
setInterval(look, LOOKS_EVERY);

// Answering

at('agree').addEventListener('submit', (event) => {
  event.preventDefault();
  guarded(async () => render(await ask('/v1/consent')));
});

at('answer').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!next?.is_open || at('asked').disabled) return;
  const choice = new FormData(at('answer')).get('choice');
  const judgment = { item: next.item, criterion: next.criterion, choice, note: at('note').value.trim() };
  at('asked').disabled = true;
  guarded(async () => render(await ask('/v1/judgments', judgment)));
});

// Beginning

addEventListener('hashchange', () => location.reload());
if (keyInAddress()) guarded(async () => render(await ask('/v1/state')));
else complain('This page opens with a personal link. Please use the one that you were sent.');
