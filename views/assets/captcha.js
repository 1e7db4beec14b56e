// Proof of work (finds the number whose hash the server named, and says how far it is), and another
// picture without leaving the form. Without this the picture works alone.

const encoder = new TextEncoder();
const BATCH = 250;

const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

async function solve({ salt, challenge, maxnumber }, onProgress) {
  for (let start = 0; start <= maxnumber; start += BATCH) {
    const numbers = Array.from({ length: BATCH }, (_, index) => start + index);
    const hashes = await Promise.all(
      numbers.map((number) => crypto.subtle.digest('SHA-256', encoder.encode(salt + number))),
    );
    const found = hashes.findIndex((hash) => hex(hash) === challenge);
    if (found >= 0) return numbers[found];
    onProgress((100 * start) / maxnumber);
  }
  return undefined;
}

function offerWork(box) {
  const [button, progress, status, input] = ['button', 'progress', '[role=status]', 'input'].map(
    (selector) => box.querySelector(selector),
  );
  box.hidden = false;
  box.closest('[data-captcha]').querySelector('[data-needs-script]').hidden = true;
  let running = false;
  button.addEventListener('click', async () => {
    if (running) return;
    running = true;
    progress.hidden = false;
    status.textContent = box.dataset.progress;
    const challenge = JSON.parse(box.dataset.work);
    const number = await solve(challenge, (percent) => {
      progress.value = percent;
    });
    progress.value = 100;
    status.textContent = number === undefined ? box.dataset.failed : box.dataset.done;
    // The button goes: whoever stood on it must not be thrown to the top of the page.
    if (document.activeElement === button) status.focus();
    button.hidden = true;
    if (number === undefined) return;
    input.value = btoa(JSON.stringify({ ...challenge, number }));
    for (const element of box
      .closest('[data-captcha]')
      .querySelectorAll('[data-picture], [data-answer]'))
      element.hidden = true;
  });
}

// The server answers the form with a new picture in it; only that is taken over.
async function fetchPicture(button) {
  const { form } = button;
  const body = new URLSearchParams({ csrf: form.elements.csrf.value, captcha_new: '1' });
  const response = await fetch(form.action, { method: 'POST', body });
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.querySelector('[data-picture]');
  if (!response.ok || !fresh) throw new Error('no picture');
  return { src: fresh.querySelector('img').src, id: fresh.querySelector('input').value };
}

function renewInPlace(box) {
  const [image, button, status, id] = ['img', 'button', '[role=status]', 'input'].map((selector) =>
    box.querySelector(selector),
  );
  const answer = button.form.elements.captcha_answer;
  button.addEventListener('click', async (event) => {
    event.preventDefault();
    status.textContent = '';
    try {
      const fresh = await fetchPicture(button);
      image.src = fresh.src;
      id.value = fresh.id;
      answer.value = '';
      status.textContent = box.dataset.done;
      answer.focus();
    } catch {
      status.classList.remove('visually-hidden');
      status.textContent = box.dataset.failed;
    }
  });
}

// A service that shows nothing is asked when the form is sent: its word does not last long.
function askWhenSent(input) {
  input.form.addEventListener('submit', async (event) => {
    if (input.value) return;
    event.preventDefault();
    try {
      const { grecaptcha } = globalThis;
      await new Promise((resolve) => grecaptcha.ready(resolve));
      const { silent, action } = input.dataset;
      input.value = await grecaptcha.execute(silent, { action });
    } catch {
      // The server will say that the check was not answered.
      input.value = ' ';
    }
    // A form that is still being sent ignores that it is sent again.
    setTimeout(() => input.form.requestSubmit(event.submitter));
  });
}

// Browsers offer hashing on https and on this machine only: the picture is left for the others.
if (globalThis.crypto?.subtle)
  for (const box of document.querySelectorAll('[data-work]')) offerWork(box);
for (const box of document.querySelectorAll('[data-picture]')) renewInPlace(box);
for (const input of document.querySelectorAll('[data-silent]')) askWhenSent(input);
