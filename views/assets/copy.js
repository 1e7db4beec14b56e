// Adds a button beside what somebody will want to paste elsewhere. Without this script it is selected by hand.

for (const element of document.querySelectorAll('[data-copy]')) {
  const button = document.createElement('button');
  const { copy, copied } = element.dataset;
  button.type = 'button';
  button.className = 'button-link copy';
  button.textContent = copy;

  const copyText = async () => {
    await navigator.clipboard.writeText(element.textContent.trim());
    button.textContent = copied;
    setTimeout(() => {
      button.textContent = copy;
    }, 3000);
  };
  button.addEventListener('click', () => void copyText());

  element.after(' ', button);
}
