// The emulator's pages, with the mark that they are a stand-in's, our people alone, and a way back.
import { type HTMLElement, parse } from 'node-html-parser';
import type { StandIn } from './catalogue.ts';

/** Marks a page of the emulator. `formPost`: its answers go out as a POST. */
export function markPage(html: string, standIn: StandIn, formPost: boolean): string {
  const page = parse(html);
  const title = page.querySelector('title');
  if (title) title.set_content(`Stand-in for ${standIn.name} · Gatehouse demo`);
  page.querySelector('body')?.insertAdjacentHTML('afterbegin', ribbon(standIn));
  const choices = page.querySelectorAll('form.user-form');
  const first = choices[0];
  if (first) {
    choices.at(-1)?.insertAdjacentHTML('afterend', cancelForm(first, standIn, formPost));
    // The emulator has people of its own, whose ids change with every start.
    for (const choice of choices) if (!isOurs(choice, standIn)) choice.remove();
  }
  return page.toString();
}

function ribbon({ name }: StandIn): string {
  return `<p role="note" style="background:#ffd54a;color:#1b1b1b;padding:10px 20px;font-size:.875rem">
<strong>Stand-in, not ${name}.</strong> Part of the Gatehouse demo on this machine: pick a person, no password is asked for.</p>`;
}

function isOurs(choice: HTMLElement, { people }: StandIn): boolean {
  const [login, email] = ['login', 'email'].map((name) => readField(choice, name));
  return people.some((person) => (login ? person.login === login : person.email === email));
}

// The values stay as they are in the page, where they are escaped already.
function cancelForm(choice: HTMLElement, { cancelError }: StandIn, formPost: boolean): string {
  return `<form method="${formPost ? 'post' : 'get'}" action="${readField(choice, 'redirect_uri')}">
<input type="hidden" name="error" value="${cancelError}"><input type="hidden" name="state" value="${readField(choice, 'state')}">
<button type="submit" class="user-btn"><span class="user-login">Cancel</span></button></form>`;
}

function readField(form: HTMLElement, name: string): string {
  return form.querySelector(`input[name="${name}"]`)?.rawAttributes['value'] ?? '';
}
