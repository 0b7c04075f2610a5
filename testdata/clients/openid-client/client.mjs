// One device flow with openid-client, as its documentation shows it. Prints a
// line for every step: "code USER_CODE", "answer ..." for each poll, and at the
// end "token TYPE" or "refused ERROR".
import * as client from 'openid-client'

const issuer = new URL(process.argv[2])
const insecure = issuer.protocol === 'http:' ? { execute: [client.allowInsecureRequests] } : undefined
const config = await client.discovery(issuer, 'dfcheck', undefined, client.None(), { algorithm: 'oauth2', ...insecure })

const flow = await client.initiateDeviceAuthorization(config, { scope: 'profile' })
config[client.customFetch] = async (url, options) => {
  const response = await fetch(url, options)
  const { error } = await response.clone().json()
  console.log('answer', error ?? 'token')
  return response
}
console.log('code', flow.user_code)
try {
  const tokens = await client.pollDeviceAuthorizationGrant(config, flow)
  console.log('token', tokens.token_type)
} catch (err) {
  console.log('refused', err.error ?? err.message)
}
