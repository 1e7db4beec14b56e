// Sends the form that leads on, so that nobody needs to press its button.

document.querySelector('form[data-continue]').submit();
