// Opens the authorization endpoint in a window and waits for what its callback page has to say.

const POLL_MS = 300;

/** Resolves with the message of the callback page, or with a sentence when there will be none. */
export function openPopup(url) {
  const popup = window.open(url, '_blank', 'width=400,height=500');
  if (popup === null) {
    return Promise.resolve('The browser blocked the window. Allow pop-ups for this page.');
  }
  return new Promise((resolve) => {
    let polls = 0;
    const finish = (outcome) => {
      window.removeEventListener('message', receive);
      clearInterval(timer);
      resolve(outcome);
    };
    const receive = ({ origin, source, data }) => {
      if (origin === window.location.origin && source === popup) finish(data);
    };
    const timer = setInterval(() => {
      // The second look leaves time for a message that was sent just before the window closed.
      if (popup.closed) polls += 1;
      if (polls === 2) {
        finish(
          'The window was closed before there was a token. If you can still see it, the pages in it cut themselves off from this one (Cross-Origin-Opener-Policy).',
        );
      }
    }, POLL_MS);
    window.addEventListener('message', receive);
  });
}
