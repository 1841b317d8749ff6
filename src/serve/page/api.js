// Calls of the server, and its refusals as errors whose message is for people.

const MOST_TRIES = 6;
const KEY = 'midillama-key';

// status 0: the server did not answer. `param`: the key of the request that is at fault, `code`: why, for programs; where there is one.
export class Refusal extends Error {
  constructor(status, message, { param = null, code = null } = {}) {
    super(message);
    this.status = status;
    this.param = param;
    this.code = code;
  }
}

async function refusalOf(response) {
  const fallback = `The server answered with status ${response.status}.`;
  try {
    const { error } = await response.json();
    return new Refusal(response.status, error.message ?? fallback, error);
  } catch {
    return new Refusal(response.status, fallback);
  }
}

async function send(path, body, signal) {
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers['Content-Type'] = 'application/json';
  try {
    return await fetch(path, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refusal(0, 'The server does not answer. Is it still running?');
  }
}

// Resolves to whether there is a key to try. Calls that come meanwhile wait for the same dialog.
let asking = null;
function askForKey() {
  asking ??= new Promise((resolve) => {
    const dialog = document.querySelector('#key-dialog');
    const field = document.querySelector('#key');
    document.querySelector('#key-wrong').hidden = !sessionStorage.getItem(KEY);
    field.value = '';
    dialog.returnValue = '';
    dialog.addEventListener('close', () => {
      asking = null;
      if (dialog.returnValue === 'use') sessionStorage.setItem(KEY, field.value.trim());
      resolve(dialog.returnValue === 'use');
    }, { once: true });
    document.querySelector('#key-cancel').onclick = () => dialog.close();
    dialog.showModal();
  });
  return asking;
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException('stopped', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

// GET without a body, POST with one. A busy server is asked again when it says; `onBusy` is told the seconds until then.
export async function call(path, body = null, { signal, onBusy } = {}) {
  for (let tries = 1; ; ++tries) {
    const response = await send(path, body, signal);
    if (response.ok) return response;
    const refusal = await refusalOf(response);
    if (response.status === 401) {
      if (!await askForKey()) throw refusal;
    } else if (response.status === 429 && tries < MOST_TRIES) {
      const seconds = Number(response.headers.get('Retry-After')) || 1;
      onBusy?.(seconds);
      await pause(seconds, signal);
    } else {
      throw refusal;
    }
  }
}

export async function callForJson(path, body, options) {
  return (await call(path, body, options)).json();
}

// The data of server-sent events, one by one.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop();
    for (const part of parts) {
      if (part.startsWith('data: ')) yield part.slice('data: '.length);
    }
  }
}

// Yields the answer's text part by part. `options` as for call().
export async function* streamAnswer(messages, options) {
  const response = await call('/v1/chat/completions', { messages, stream: true }, options);
  try {
    for await (const event of events(response)) {
      if (event === '[DONE]') return;
      const text = JSON.parse(event).choices[0]?.delta?.content;
      if (text) yield text;
    }
  } catch (error) {
    if (error.name === 'AbortError') throw error;
  }
  throw new Refusal(0, 'The answer was broken off: the server went away or failed.');
}
