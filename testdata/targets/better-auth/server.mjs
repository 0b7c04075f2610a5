// Target server: npm better-auth with its device authorization plugin, in-memory
// storage and one user, alice@example.com / password.
//   PORT      listen port on 127.0.0.1
//   LIFETIME  device code lifetime, "20s" (default: the plugin's own, 30m)
//   INTERVAL  announced polling interval (default: the plugin's own, 5s)
//   FRAGILE   "1": what the handler rejects is not caught, as where it is given to
//             createServer directly. A TRACE request then ends the process.
//
// The plugin serves an API only; the page behind verification_uri is the host
// application's. Here it is device.html, which talks to that API with JavaScript.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { deviceAuthorization } from 'better-auth/plugins';

const port = Number(process.env.PORT ?? 3000);
const { LIFETIME, INTERVAL } = process.env;
const clients = new Set(['dfcheck', 'dfcheck-other']);
const tables = { user: [], session: [], account: [], verification: [], deviceCode: [] };

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'a secret of thirty-two characters',
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  plugins: [
    deviceAuthorization({
      verificationUri: '/device',
      validateClient: (id) => clients.has(id),
      ...(LIFETIME ? { expiresIn: LIFETIME } : {}),
      ...(INTERVAL ? { interval: INTERVAL } : {}),
    }),
  ],
});
await auth.api.signUpEmail({ body: { name: 'Alice', email: 'alice@example.com', password: 'password' } });

const api = toNodeHandler(auth);
const failed = (res) => (err) => {
  console.error(err);
  if (process.env.FRAGILE) throw err;
  res.headersSent ? res.destroy() : res.writeHead(500, { 'content-type': 'text/plain' }).end('internal server error');
};
const page = readFileSync(new URL('device.html', import.meta.url));
createServer((req, res) => {
  const { pathname } = new URL(req.url, 'http://127.0.0.1');
  if (pathname.startsWith('/api/auth/')) return api(req, res).catch(failed(res));
  if (pathname === '/device' && req.method === 'GET') return res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
  res.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
}).listen(port, '127.0.0.1', () => console.error(`better-auth on http://127.0.0.1:${port}/api/auth`));
