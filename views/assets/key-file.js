// Lets somebody choose a file instead of pasting what is in it. Nothing leaves the page until the form does.

for (const area of document.querySelectorAll('[data-key-file]')) {
  const label = document.createElement('label');
  const input = document.createElement('input');
  label.className = 'hint';
  label.textContent = area.dataset.keyFile;
  input.type = 'file';
  input.accept = '.json,.jwks,.jwk,application/json';

  const take = async (file) => {
    area.value = await file.text();
  };
  input.addEventListener('change', () => {
    const [file] = input.files;
    if (file) void take(file);
  });

  label.append(' ', input);
  area.after(label);
}
