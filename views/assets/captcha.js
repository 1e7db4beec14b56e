// Proof of work: finds the number whose hash the server named, and says how far it is.

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

for (const box of document.querySelectorAll('[data-work]')) {
  // Browsers offer hashing on https and on this machine only: the picture is left for the others.
  if (!globalThis.crypto?.subtle) continue;
  const [button, progress, status, input] = ['button', 'progress', '[role=status]', 'input'].map(
    (selector) => box.querySelector(selector),
  );
  box.hidden = false;
  button.addEventListener('click', async () => {
    button.disabled = true;
    progress.hidden = false;
    const challenge = JSON.parse(box.dataset.work);
    const number = await solve(challenge, (percent) => {
      progress.value = percent;
    });
    progress.value = 100;
    if (number === undefined) {
      status.textContent = box.dataset.failed;
      return;
    }
    input.value = btoa(JSON.stringify({ ...challenge, number }));
    status.textContent = box.dataset.done;
    button.hidden = true;
    for (const element of box
      .closest('[data-captcha]')
      .querySelectorAll('.captcha-picture, .field'))
      element.hidden = true;
  });
}
