// Says beside a field of addresses what is wrong with them, while they are typed. The server knows the
// rules, and asks them again when the form is sent: without this script it says so then.

const PAUSE_MS = 300;
const icon =
  '<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7.5"/><path d="M10 6.2v4.6M10 13.6v.1"/></svg>';

for (const field of document.querySelectorAll('textarea[data-check]')) {
  const place = document.getElementById(`${field.id}-problems`);
  const kindOf = () =>
    field.dataset.kind ?? field.form.querySelector('input[name=kind]:checked')?.value;
  let timer;
  let asked = 0;

  const show = (problems) => {
    field.toggleAttribute('aria-invalid', problems.length > 0);
    place.replaceChildren(
      ...problems.map((problem) => {
        const line = document.createElement('p');
        line.className = 'field-error';
        line.innerHTML = icon;
        const text = document.createElement('span');
        text.textContent = problem;
        line.append(text);
        return line;
      }),
    );
  };

  const ask = async () => {
    asked += 1;
    const turn = asked;
    const { check: purpose, environment } = field.dataset;
    const query = new URLSearchParams({ kind: kindOf(), environment, purpose, text: field.value });
    const answer = await fetch(`/applications/address-problems?${query}`, {
      headers: { Accept: 'application/json' },
    }).catch(() => undefined);
    if (!answer?.ok) return;
    const { problems } = await answer.json();
    // Answers may overtake each other.
    if (turn === asked) show(problems);
  };

  const askSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), PAUSE_MS);
  };

  field.addEventListener('input', askSoon);
  // What is fine for one kind of application is not for another.
  for (const kind of field.form.querySelectorAll('input[name=kind]'))
    kind.addEventListener('change', () => field.value && askSoon());
}
