// Target server: npm oidc-provider with deviceFlow and devInteractions.
//   PORT      listen port on 127.0.0.1
//   LIFETIME  device code lifetime, "20s" or "10m" (default: the library's own, 10m)
//   KEY       file to write the private key of dfcheck-key to, which authenticates with private_key_jwt
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const port = Number(process.env.PORT ?? 3000);
const issuer = `http://127.0.0.1:${port}`;
const device = 'urn:ietf:params:oauth:grant-type:device_code';
const pub = (client_id, grant_types = [device, 'refresh_token']) => ({
  client_id,
  client_name: client_id,
  token_endpoint_auth_method: 'none',
  application_type: 'native',
  grant_types,
  redirect_uris: [],
  response_types: [],
});

const seconds = (span) => parseInt(span, 10) * (span.endsWith('m') ? 60 : 1);

const keyed = (file) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = (key) => ({ ...key.export({ format: 'jwk' }), kid: 'dfcheck-key', alg: 'ES256', use: 'sig' });
  writeFileSync(file, JSON.stringify(jwk(privateKey)), { mode: 0o600 });
  return {
    ...pub('dfcheck-key'),
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [jwk(publicKey)] },
  };
};

const provider = new Provider(issuer, {
  clients: [
    pub('dfcheck'),
    pub('dfcheck-other'),
    pub('nodevice', ['refresh_token']),
    { ...pub('dfcheck-conf'), token_endpoint_auth_method: 'client_secret_basic', client_secret: 'secret' },
    ...(process.env.KEY ? [keyed(process.env.KEY)] : []),
  ],
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    dPoP: { enabled: true },
  },
  ...(process.env.LIFETIME ? { ttl: { DeviceCode: seconds(process.env.LIFETIME) } } : {}),
});
provider.on('server_error', (_ctx, err) => console.error('server_error', err));
provider.listen(port, '127.0.0.1', () => console.error(`oidc-provider on ${issuer}: any user name, any password`));
