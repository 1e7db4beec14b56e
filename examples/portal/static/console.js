// The test console: wires the forms of the page to the flows and the requests.
import { acquireToken, FLOW_NOTES, FlowError } from './flows.js';
import { sendRequest, toCurl } from './request.js';
import { createTokenPanel } from './token-panel.js';

const root = document.querySelector('.console');
const setup = JSON.parse(root.dataset.setup);
const byId = (id) => document.getElementById(id);
const tokenPanel = createTokenPanel(setup.sandboxResource);

// The token lives in this variable only: not in storage, not in a cookie; a reload forgets it.
let token;

const readFlow = () => byId('flow').value;
const readScopes = () =>
  [...document.querySelectorAll('input[name="scope"]:checked')].map((box) => box.value);
const readOperation = () => setup.operations.find(({ id }) => id === byId('operation').value);

function describeRequest() {
  const operation = readOperation();
  return {
    method: operation.method,
    url: `${setup.sandboxUrl}${operation.path}`,
    token,
    body: operation.sampleBody && byId('request-body').value,
  };
}

function showStatus(id, text, isError = false) {
  const status = byId(id);
  status.textContent = text;
  status.classList.toggle('error', isError);
}

function showCurl() {
  byId('curl').textContent = toCurl(describeRequest());
}

function showOperation() {
  const { sampleBody } = readOperation();
  byId('body-field').hidden = !sampleBody;
  if (sampleBody) byId('request-body').value = sampleBody;
  byId('response').hidden = true;
  showCurl();
}

function forgetToken() {
  token = undefined;
  tokenPanel.hide();
  byId('send').disabled = true;
  byId('response').hidden = true;
  showStatus('request-status', 'Get a token first.');
  showCurl();
}

async function getToken() {
  forgetToken();
  byId('get-token').disabled = true;
  showStatus('token-status', 'Waiting for the authorization server...');
  try {
    token = await acquireToken(readFlow(), setup, readScopes());
    tokenPanel.show(token);
    byId('send').disabled = false;
    showStatus('token-status', 'Here is your token.');
    showStatus('request-status', '');
    showCurl();
  } catch (error) {
    if (!(error instanceof FlowError)) console.error(error);
    showStatus('token-status', error.message, true);
  } finally {
    byId('get-token').disabled = false;
  }
}

async function send() {
  byId('send').disabled = true;
  byId('response').hidden = true;
  showStatus('request-status', 'Sending...');
  try {
    const { status, isSuccess, milliseconds, headers, body } = await sendRequest(describeRequest());
    byId('response-status').textContent = status;
    byId('response-status').className = isSuccess ? 'good' : 'bad';
    byId('response-time').textContent = `in ${milliseconds} ms`;
    byId('response-headers').textContent = headers;
    byId('response-body').textContent = body;
    byId('response').hidden = false;
    showStatus('request-status', `The API answered ${status}.`);
  } catch (error) {
    showStatus('request-status', error.message, true);
  } finally {
    byId('send').disabled = false;
  }
}

async function copy(button) {
  const text = byId(button.dataset.copy).textContent;
  const wasCopied = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
  const label = button.textContent;
  byId('copy-status').textContent = wasCopied ? 'Copied.' : 'The browser does not allow copying.';
  if (!wasCopied) return;
  button.textContent = 'Copied';
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void getToken();
});
byId('request-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void send();
});
byId('flow').addEventListener('change', () => {
  byId('flow-note').textContent = FLOW_NOTES[readFlow()];
  showStatus('token-status', '');
  forgetToken();
});
byId('operation').addEventListener('change', showOperation);
byId('request-body').addEventListener('input', showCurl);
for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', () => void copy(button));
}

byId('flow-note').textContent = FLOW_NOTES[readFlow()];
showOperation();
