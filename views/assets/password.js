// Adds a button that shows and hides the password. Without this script the field just stays hidden.

for (const frame of document.querySelectorAll('[data-password]')) {
  const input = frame.querySelector('input');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'reveal';

  const show = (visible) => {
    input.type = visible ? 'text' : 'password';
    button.textContent = visible ? frame.dataset.hide : frame.dataset.show;
    button.setAttribute('aria-label', visible ? frame.dataset.hideLabel : frame.dataset.showLabel);
  };

  button.addEventListener('click', () => show(input.type === 'password'));
  // A visible password would be remembered by the browser as ordinary text.
  input.form.addEventListener('submit', () => show(false));

  show(false);
  frame.append(button);
}
