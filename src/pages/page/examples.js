// The examples of a page: filters, some at a time, and one piano roll with its player, which is where an example was opened.
import { Clip, clock, counted } from './clip.js';
import { Player } from './player.js';
import { Roll } from './roll.js';

const AT_ONCE = 10;
const ZOOM = 1.5;

const at = (id) => document.getElementById(id);
const { systems, tasks, tags, clips, items } = JSON.parse(at('data').textContent);

const madeClips = new Map();  // of the clips that were opened
let found = [];               // the items that match
let first = 0;                // of those that are shown
let clip = null;              // of the example that is opened

const roll = new Roll({ onSeek: seek, onMark: () => {} });
const player = new Player({ onMove: showPosition, onState: showPlaying });

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Filters

function fillSelect(id, all, names) {
  const options = names.map((name, index) => new Option(name, index));
  at(id).replaceChildren(...(all ? [new Option(all, '')] : []), ...options);
  at(id).closest('label').hidden = names.length < 2 && Boolean(all);
}

const textOf = (item) => [item.question, item.reference, item.id, ...(item.earlier ?? []).flatMap(({ question, answer }) => [question, answer]),
  ...item.answers.map(({ text }) => text)].join('\n').toLowerCase();

const isSplit = ({ answers }) => answers.some(({ verdict }) => verdict === 'right') && answers.some(({ verdict }) => verdict === 'wrong');

function matches(item) {
  const { value: task } = at('task'), { value: tag } = at('tag'), { value: verdict } = at('verdict');
  if (task !== '' && item.task !== Number(task)) return false;
  if (tag !== '' && !item.tags.includes(Number(tag))) return false;
  const answer = item.answers.find(({ system }) => system === Number(at('system').value));
  if (verdict !== 'all' && answer?.verdict !== verdict) return false;
  if (at('differ').checked && !isSplit(item)) return false;
  const words = at('search').value.trim().toLowerCase();
  return words === '' || (item.text ??= textOf(item)).includes(words);
}

function filter() {
  found = items.filter(matches);
  show(0);
}

// Cards

const MARKS = { right: '✓ right', wrong: '✗ wrong' };

function answerOf({ system, text, verdict, note }) {
  const made = element('div', { className: 'answer' }, element('h4', {}, systems[system]),
    text.trim() ? element('p', { dir: 'auto' }, text) : element('p', { className: 'quiet' }, '(no text)'));
  made.dataset.verdict = verdict;
  if (verdict) made.append(element('p', { className: 'mark' }, note ? `${MARKS[verdict]}: ${note}` : MARKS[verdict]));
  return made;
}

function turnOf({ question, answer }) {
  return element('p', { className: 'turn' }, element('span', { dir: 'auto' }, question), ' ', element('span', { className: 'quiet', dir: 'auto' }, answer));
}

function cardOf(item) {
  const card = element('article', {},
    element('p', { className: 'chips' }, ...item.tags.map((tag) => element('span', { className: 'chip' }, tags[tag])),
      element('span', { className: 'quiet' }, tasks[item.task]), element('span', { className: 'quiet id' }, item.id)),
    ...(item.earlier ?? []).map(turnOf),
    element('h3', { dir: 'auto' }, item.question));
  if (item.reference) card.append(element('p', { className: 'reference' }, element('span', { className: 'quiet' }, 'Reference '), element('span', { dir: 'auto' }, item.reference)));
  if (item.clip !== undefined) {
    const button = element('button', { type: 'button', className: 'open' }, 'Piano roll and sound');
    button.addEventListener('click', () => open(item, card));
    card.append(button);
  }
  card.append(element('div', { className: 'answers' }, ...item.answers.map(answerOf)));
  return card;
}

function show(index) {
  close();
  first = index;
  const shown = found.slice(first, first + AT_ONCE);
  const cards = shown.map(cardOf);
  at('list').replaceChildren(...cards);
  at('count').textContent = found.length === items.length ? counted(items.length, 'example') : `${found.length.toLocaleString('en')} of ${counted(items.length, 'example')}`;
  at('place').textContent = found.length ? `${first + 1}–${first + shown.length}` : '';
  at('earlier').disabled = first === 0;
  at('later').disabled = first + AT_ONCE >= found.length;
  const audible = shown.findIndex((item) => item.clip !== undefined);
  if (audible >= 0) open(shown[audible], cards[audible]);
}

function turnTo(index) {
  show(index);
  at('count').scrollIntoView({ block: 'start' });
  at('list').focus({ preventScroll: true });
}

// Music

function close() {
  player.pause();
  document.querySelector('.open[hidden]')?.removeAttribute('hidden');
  at('music').hidden = true;
  at('list').after(at('music'));
}

function open(item, card) {
  const hadFocus = card.contains(document.activeElement);
  close();
  if (!madeClips.has(item.clip)) madeClips.set(item.clip, new Clip({ ...clips[item.clip], id: item.clip, name: '', explainable: false }));
  clip = madeClips.get(item.clip);
  const button = card.querySelector('.open');
  button.hidden = true;
  button.after(at('music'));
  at('music').hidden = false;
  at('problem').textContent = '';
  at('about').textContent = clip.describe();
  at('roll').setAttribute('aria-label', `The clip: ${clip.describe()}`);
  player.load(clip);
  roll.show(clip);
  showPosition(0);
  if (hadFocus) at('play').focus();
}

function seek(time) {
  player.seek(time);
  showPosition(time);
}

function showPosition(time) {
  roll.moveCursor(time);
  at('position').textContent = `${clock(time)} / ${clock(clip?.duration ?? 0)}`;
}

function showPlaying() {
  at('play').textContent = player.isPlaying ? 'Pause' : 'Play';
}

function togglePlaying() {
  if (player.isPlaying) player.pause();
  else player.play().catch((error) => { at('problem').textContent = `Sound cannot be played: ${error.message}`; });
}

const KEYS = {
  ' ': togglePlaying,
  ArrowLeft: () => seek(clip.moved(clip.steps, player.position, -1)),
  ArrowRight: () => seek(clip.moved(clip.steps, player.position, 1)),
  Home: () => seek(0),
  '+': () => roll.zoomBy(ZOOM),
  '-': () => roll.zoomBy(1 / ZOOM),
};

at('play').addEventListener('click', togglePlaying);
at('zoom-in').addEventListener('click', KEYS['+']);
at('zoom-out').addEventListener('click', KEYS['-']);
at('roll').addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

at('filters').addEventListener('input', filter);
at('filters').addEventListener('submit', (event) => event.preventDefault());
at('earlier').addEventListener('click', () => turnTo(Math.max(0, first - AT_ONCE)));
at('later').addEventListener('click', () => turnTo(first + AT_ONCE));

fillSelect('task', 'all', tasks);
fillSelect('tag', 'all', tags);
fillSelect('system', '', systems);
filter();
