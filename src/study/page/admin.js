// The admin's page: how far everybody is, personal links, and the judgments to download.
import { call, callForJson, keyInAddress } from './client.js';

const EVERY = 10_000;  // milliseconds

const at = (id) => document.getElementById(id);
const complain = (text) => { at('problem').textContent = text; };

let key = keyInAddress();
const options = () => ({ key, onWait: complain });

async function guarded(action) {
  try {
    await action();
    return true;
  } catch (error) {
    if (error.status === 401) showEntrance();
    complain(error.status === 401 ? 'That key was refused.' : error.message);
    return false;
  }
}

function showEntrance() {
  at('enter').hidden = false;
  at('overview').hidden = true;
}

const timeOf = (text) => text ? text.slice(0, 16).replace('T', ' ') : '–';

function cell(content, className = '') {
  const element = document.createElement('td');
  element.className = className;
  element.append(content);
  return element;
}

function rowOf(participant) {
  const row = document.createElement('tr');
  const name = document.createElement('th');
  name.scope = 'row';
  name.textContent = participant.participant;
  const link = document.createElement('a');
  link.href = `/#${participant.key}`;
  link.textContent = 'personal link';
  row.append(name, cell(`${participant.judged} of ${participant.of}`, 'numbers'), cell(`${participant.failed_checks} of ${participant.checks}`, 'numbers'),
    cell(timeOf(participant.consented)), cell(timeOf(participant.last)), cell(participant.finish_code), cell(link));
  return row;
}

async function refresh() {
  const progress = await callForJson('/v1/admin/progress', null, options());
  at('title').textContent = progress.title;
  at('total').textContent = `${progress.judged.toLocaleString('en')} of ${progress.of.toLocaleString('en')} questions answered`;
  at('participants').replaceChildren(...progress.participants.map(rowOf));
  at('enter').hidden = true;
  at('overview').hidden = false;
}

async function download(name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await call(`/v1/admin/${name}`, null, options()));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

at('open').addEventListener('submit', (event) => {
  event.preventDefault();
  key = at('key').value.trim();
  guarded(refresh);
});
at('csv').addEventListener('click', () => guarded(() => download('judgments.csv')));
at('jsonl').addEventListener('click', () => guarded(() => download('judgments.jsonl')));
setInterval(() => at('overview').hidden || guarded(refresh), EVERY);
if (key) guarded(refresh);
