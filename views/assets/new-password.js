// Says how hard a new password is to guess. Everything is computed here: nothing that is typed leaves
// the page. The estimator and its words are fetched when somebody first goes to the field.

const load = (src) =>
  new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.addEventListener('load', resolve);
    script.addEventListener('error', reject);
    script.src = src;
    document.head.append(script);
  });

async function createEstimator({ core, common }) {
  await Promise.all([load(core), load(common)]);
  const { ZxcvbnFactory } = globalThis.zxcvbnts.core;
  const { dictionary, adjacencyGraphs } = globalThis.zxcvbnts['language-common'];
  return new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, maxLength: 128 });
}

for (const meter of document.querySelectorAll('[data-strength]')) {
  const input = document.getElementById(meter.dataset.strength);
  const bar = meter.querySelector('meter');
  const text = meter.querySelector('[role=status]');
  const words = JSON.parse(meter.dataset.words);
  let estimator;

  const personal = () =>
    Array.from(input.form.querySelectorAll('input[type=email], input[type=text]'), (field) =>
      field.value.split(/[^\p{L}\p{N}]+/u),
    ).flat();

  const update = async () => {
    estimator ??= createEstimator(meter.dataset);
    const zxcvbn = await estimator.catch(() => undefined);
    if (!zxcvbn) return;
    meter.hidden = input.value === '';
    if (meter.hidden) return;
    const { score } = zxcvbn.check(input.value, personal());
    bar.value = score + 1;
    if (text.textContent !== words[score]) text.textContent = words[score];
  };

  input.addEventListener('focus', () => void update(), { once: true });
  input.addEventListener('input', () => void update());
}
