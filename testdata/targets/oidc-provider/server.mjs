// Target server: npm oidc-provider with deviceFlow and devInteractions.
//   PORT      listen port on 127.0.0.1
//   LIFETIME  device code lifetime, "20s" or "10m" (default: the library's own, 10m)
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

const provider = new Provider(issuer, {
  clients: [
    pub('dfcheck'),
    pub('dfcheck-other'),
    pub('nodevice', ['refresh_token']),
    { ...pub('dfcheck-conf'), token_endpoint_auth_method: 'client_secret_basic', client_secret: 'secret' },
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
