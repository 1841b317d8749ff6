// Calls of the server with the key of the page's address, which is after the '#'.

const LONGEST_WAIT = 8;  // seconds between tries

export const keyInAddress = () => decodeURIComponent(location.hash.slice(1));

// `code`: why, for programs, where there is one.
export class Refusal extends Error {
  constructor(status, message, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function refusalOf(response) {
  try {
    const { error } = await response.json();
    return new Refusal(response.status, error.message, error.code);
  } catch {
    return new Refusal(response.status, `The server answered with status ${response.status}.`);
  }
}

const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });

// GET without a body, POST with one. What is not answered is sent again until it is: the server counts it once. `onWait` is told why it
// takes long, and '' when it goes on.
export async function call(path, body, { key = keyInAddress(), onWait = () => {} } = {}) {
  const init = { method: body ? 'POST' : 'GET', headers: { Authorization: `Bearer ${key}` }, cache: 'no-store' };
  if (body) {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  for (let wait = 0.5; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    let response = null;
    try {
      response = await fetch(path, init);
      if (response.ok) {
        const whole = await response.blob();  // an answer that breaks off is none
        onWait('');
        return whole;
      }
    } catch {
      response = null;
    }
    if (response && response.status !== 429 && response.status < 500) {
      onWait('');
      throw await refusalOf(response);
    }
    onWait(response?.status === 429 ? 'One moment…' : 'The server does not answer. What you did is kept and sent again in a moment.');
    await pause(Number(response?.headers.get('Retry-After')) || wait);
  }
}

export const callForJson = async (path, body, options) => JSON.parse(await (await call(path, body, options)).text());
