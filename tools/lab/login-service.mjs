// The shop's own program behind nginx: a login form, a token endpoint, a search and a download, with the status codes
// that such programs answer with (302 or 403 for a login form, 401 for a token, 404 for a file that is not there).
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { ACCOUNTS } from './private-host.mjs';

const FORM =
  '<!doctype html><title>Sign in</title><form method=post action=/login><input name=user><input name=password type=password><button>Sign in</button></form>';
const BODY_LIMIT = 1 << 16;
const sessions = new Set();

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://shop.example');
  const answer = (/** @type {number} */ status, /** @type {string} */ body, headers = {}) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers });
    response.end(body);
  };
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /health':
      return answer(200, 'ok\n');
    case 'GET /login':
      return answer(200, FORM);
    case 'GET /logout':
      return answer(302, '', { location: '/' });
    case 'GET /account':
    case 'GET /account/orders':
      return signedIn(request.headers.cookie)
        ? answer(200, '<h1>Orders</h1>')
        : answer(302, '', { location: '/login' });
    case 'GET /search':
      return answer(200, `<h1>${(url.searchParams.get('q') ?? '').length} letters searched, nothing found</h1>`);
    case 'GET /download':
      return url.searchParams.get('file') === 'price-list.pdf' ? answer(200, '%PDF-1.4') : answer(404, 'no such file');
    case 'GET /api/stock':
      return answer(200, '{"stock":12}');
    case 'POST /login':
    case 'POST /api/token':
      return void readBody(request).then((body) => {
        const form = new URLSearchParams(body);
        const known = Object.entries(ACCOUNTS).some(
          ([user, password]) => form.get('user') === user && form.get('password') === password,
        );
        if (!known) return answer(url.pathname === '/login' ? 403 : 401, FORM); // a form refuses, an API asks again
        const session = randomBytes(16).toString('hex');
        sessions.add(session);
        return url.pathname === '/login'
          ? answer(302, '', { location: '/account', 'set-cookie': `session=${session}; HttpOnly` })
          : answer(200, JSON.stringify({ token: session }));
      });
    default:
      return answer(404, 'not found');
  }
}).listen(8080, '127.0.0.1');

/** @param {string | undefined} cookie */
function signedIn(cookie) {
  return cookie !== undefined && sessions.has(/session=([0-9a-f]+)/.exec(cookie)?.[1]);
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<string>}
 */
async function readBody(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > BODY_LIMIT) break;
  }
  return body;
}
