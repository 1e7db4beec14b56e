// Runs in the pop-up's last page: hands the result to the console that opened it, and closes.
const { message, origin } = document.body.dataset;

if (window.opener !== null) {
  window.opener.postMessage(JSON.parse(message), origin);
  window.close();
}
