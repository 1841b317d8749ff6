// Questions and answers: each conversation is about one clip or passage, and a question takes the turns before it along.
import { callForJson, streamAnswer } from './api.js';

const LEFT_OUT = 'Earlier questions were left out: the conversation is too long for the model.';

const at = (id) => document.getElementById(id);

function element(tag, { text = '', ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

export class Conversation {
  // `music` has the music of the next question: clip, about() for people, part() for the server, renew() where the server has
  // forgotten it. Nothing can be asked before open(). `onExplained(notes, turn)` gets what an explanation says. `say(text)` is read out.
  constructor({ music, onExplained, say }) {
    this.music = music;
    this.onExplained = onExplained;
    this.say = say;
    this.turns = [];      // {question, answer, note, view, before: the turns until then that the model gets, isCut: not all}
    this.list = null;     // of the turns, in the page
    this.running = null;  // AbortController of the answer that is coming
    at('ask').addEventListener('submit', (event) => {
      event.preventDefault();
      this.ask(at('question').value);
    });
    at('question').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.ask(at('question').value);
    });
    at('stop').addEventListener('click', () => this.running?.abort());
    at('again').addEventListener('click', () => this.begin());
  }

  suggest(questions) {
    at('suggestions').replaceChildren(...questions.map((question) =>
      element('button', { type: 'button', text: question, onclick: () => this.ask(question) })));
  }

  // Questions can be asked from now on.
  open() {
    at('asking').disabled = false;
    at('how').hidden = true;
  }

  // The next question is the first of a new conversation. What was said stays to be read.
  begin() {
    this.running?.abort();
    this.turns = [];
    this.list = null;
    at('again').disabled = true;
    for (const button of at('log').querySelectorAll('.explain')) button.remove();
  }

  messagesOf(turn) {
    const said = [];
    for (const { question, answer } of turn.before) {
      said.push({ role: 'user', content: question }, { role: 'assistant', content: answer });
    }
    said.push({ role: 'user', content: turn.question });
    said[0].content = [this.music.part(), { type: 'text', text: said[0].content }];
    return said;
  }

  // Does `work`; where the server has forgotten the clip, once more after sending it again.
  async withClip(work) {
    try {
      return await work();
    } catch (error) {
      if (error.status !== 404 || !error.param?.endsWith('clip.id')) throw error;
      await this.music.renew();
      return work();
    }
  }

  async ask(given) {
    const question = given.trim();
    if (!question || this.running) return;
    const view = this.addTurn(question);
    const controller = this.setRunning(new AbortController());
    at('question').value = '';
    const turn = { question, answer: '', note: '', view, before: this.turns.slice(), isCut: this.turns.at(-1)?.isCut };
    try {
      await this.receiveWithRoom(turn, controller.signal);
      this.keep(turn, turn.answer ? '' : 'The answer is empty.');
      this.say(`Answer: ${turn.answer} ${turn.note}`);
    } catch (error) {
      if (error.name === 'AbortError') {
        this.keep(turn, 'Stopped.');
        this.say(turn.note);
      } else {
        this.fail(turn, error);
      }
    } finally {
      if (this.running === controller) this.setRunning(null);
      view.item.removeAttribute('aria-busy');
    }
  }

  // Where the conversation is too long, without its oldest turn, as often as needed.
  async receiveWithRoom(turn, signal) {
    for (;;) {
      try {
        return await this.withClip(() => this.receive(turn, signal));
      } catch (error) {
        if (error.code !== 'context_length_exceeded' || !turn.before.length) throw error;
        turn.before.shift();
        turn.isCut = true;
      }
    }
  }

  async receive(turn, signal) {
    const { answer, note } = turn.view;
    const onBusy = (wait) => {
      note.textContent = `The server is busy. Trying again in ${wait} s…`;
      this.say(note.textContent);
    };
    for await (const text of streamAnswer(this.messagesOf(turn), { signal, onBusy })) {
      turn.answer += text;
      answer.textContent = turn.answer;
      note.textContent = '';
      this.scrollDown();
    }
  }

  // An answer that has come, as far as it came, unless another conversation has begun.
  keep(turn, note) {
    const { view } = turn;
    turn.note = turn.answer && turn.isCut ? `${note} ${LEFT_OUT}`.trim() : note;
    view.note.textContent = turn.note;
    if (!turn.answer || view.list !== this.list) return;
    this.turns = [...turn.before, turn];
    at('again').disabled = false;
    if (this.music.clip.explainable) {
      view.tools.append(element('button', {
        type: 'button', className: 'explain', text: 'Which notes?', title: 'Shows what the answer rests on',
        onclick: (event) => this.explain(turn, event.target),
      }));
    }
    this.scrollDown();
  }

  fail(turn, error) {
    turn.view.item.classList.add('failed');
    turn.view.note.textContent = error.message;
    this.say(error.message);
    if (!at('question').value) at('question').value = turn.question;
    this.scrollDown();
  }

  async explain(turn, button) {
    button.disabled = true;
    turn.view.note.textContent = 'Looking…';
    try {
      const ask = () => callForJson('/v1/explanations', { messages: this.messagesOf(turn), answer: turn.answer });
      const explanation = await this.withClip(ask);
      turn.view.note.textContent = turn.note;
      if (turn.view.list === this.list) this.onExplained(explanation.notes, turn);
    } catch (error) {
      turn.view.note.textContent = error.message;
      this.say(error.message);
    } finally {
      button.disabled = false;
    }
  }

  addTurn(question) {
    if (!this.list) {
      this.list = element('ol');
      at('log').append(element('section', { className: 'about' }, element('h3', { text: this.music.about() }), this.list));
    }
    const answer = element('p', { className: 'answer' }), note = element('p', { className: 'note quiet' });
    const tools = element('div', { className: 'tools' });
    const item = element('li', { className: 'turn' }, element('p', { className: 'asked', text: question }), answer, note, tools);
    item.setAttribute('aria-busy', 'true');
    this.list.append(item);
    this.scrollDown();
    return { item, answer, note, tools, list: this.list };
  }

  setRunning(controller) {
    this.running = controller;
    const hadFocus = [at('send'), at('stop')].includes(document.activeElement);
    at('send').hidden = Boolean(controller);
    at('stop').hidden = !controller;
    if (hadFocus) at(controller ? 'stop' : 'question').focus();
    for (const button of at('suggestions').children) button.disabled = Boolean(controller);
    return controller;
  }

  scrollDown() {
    const log = at('log');
    log.scrollTop = log.scrollHeight;
  }
}
