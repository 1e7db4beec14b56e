// Shows what is inside a token and how long it lives. Decoding is not validating: the API does that.

const byId = (id) => document.getElementById(id);

/** Returns `show(token)` and `hide()` for the panel; warns when the audience is not `resource`. */
export function createTokenPanel(resource) {
  let timer;

  const hide = () => {
    clearInterval(timer);
    byId('token-result').hidden = true;
  };

  const show = ({ accessToken, accessTokenType }) => {
    const { header, claims } = decode(accessToken);
    byId('token-kind').textContent = `${toTitleCase(accessTokenType)} token`;
    byId('token-header').textContent = toJson(header ?? 'This token is opaque: it is not a JWT.');
    byId('token-claims').textContent = toJson(claims ?? {});
    byId('token-text').textContent = accessToken;
    showWarning(claims);
    clearInterval(timer);
    showExpiry(claims?.exp);
    timer = setInterval(() => showExpiry(claims?.exp), 1000);
    byId('token-result').hidden = false;
  };

  const showWarning = (claims) => {
    const audience = claims?.aud;
    byId('token-warning').hidden = audience === resource;
    byId('token-warning').textContent =
      `The sandbox expects a token for ${resource}; this one is for ${audience ?? 'no API'}.`;
  };

  return { show, hide };
}

/** `bearer` becomes `Bearer`: the scheme of the Authorization header. */
export function toTitleCase(type) {
  return type.charAt(0).toUpperCase() + type.slice(1).toLowerCase();
}

function showExpiry(exp) {
  const expiry = byId('token-expiry');
  if (exp === undefined) {
    expiry.textContent = '';
    return;
  }
  const seconds = Math.round(exp - Date.now() / 1000);
  const rest = `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  expiry.textContent = seconds > 0 ? `expires in ${rest}` : 'has expired, get a new one';
}

function decode(token) {
  try {
    const [header, claims] = token.split('.').slice(0, 2).map(decodePart);
    return { header, claims };
  } catch {
    return {};
  }
}

function decodePart(part) {
  const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function toJson(value) {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
