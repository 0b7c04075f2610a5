package conformance

import (
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/keys"
)

// What each key of dfcheck.yaml means. `dfcheck config reference` and the JSON
// Schema are made of it.

// Words of the whole file.
func (Config) Words() keys.Words {
	return keys.Words{
		"host": {About: "URL of the server. Without a scheme it is https, on this machine http.",
			Default: "the embedded reference server", Example: "https://auth.example.com"},
		"spec": {About: "Contract that the server is checked against. auto looks at the server and chooses one; " +
			"`dfcheck spec` shows what is taken from a document.",
			Default: "auto", Example: "rfc8628", OneOf: append([]string{"auto"}, spec.ContractNames()...),
			Else: "the path of an OpenAPI document"},
		"issuer": {About: "Issuer whose metadata (RFC 8414) names the endpoints, when it is not the host.",
			Example: "https://auth.example.com/realms/main"},
		"endpoints": {About: "The two endpoints of the device flow, when they are not found by themselves."},
		"client":    {About: "The registered client that dfcheck acts as.", Default: "{id: dfcheck}"},
		"second_client": {About: "Another client that may use the device grant, to see that codes and refresh " +
			"tokens belong to one client.",
			Example: "{id: other-app}"},
		"restricted_client": {About: "A registered client that may not use the device grant and must be refused.",
			Example: "{id: web-app}"},
		"confidential_client": {About: "A client with a secret, to see that the server demands it.",
			Example: "{id: backend, secret_env: SECRET, auth: basic}"},
		"pkce": {About: "The server demands a code challenge (RFC 7636) of every device authorization request. " +
			"`dfcheck init` notices that.",
			Example: "S256", OneOf: []string{"S256"}},
		"scope": {About: "Scopes to request, separated by spaces.", Example: "openid offline_access"},
		"narrowable_scope": {About: "A scope that the server knows and does not grant to the client or the user, " +
			"to see that a narrowed scope is told.",
			Example: "admin"},
		"device":  {About: "What a device of the documented API says of itself."},
		"consent": {About: "How the server's pages say what a person must know before a decision."},
		"headers": {About: "Header fields of every request to the two endpoints. Those of a gateway with a " +
			"password belong here, not into the URL.",
			Example: `{Authorization: "${GATEWAY}"}`},
		"request": {About: "What the server wants of requests beside RFC 8628, or your OpenAPI document otherwise."},
		"tls":     {About: "Which certificates of the server are trusted.", Default: "those that this machine trusts"},
		"approve": {About: "Who approves and denies. Without it the checks that need a decision are skipped. " +
			"`dfcheck approve` tries it."},
		"target":        {About: "What dfcheck may do to the server itself."},
		"introspection": {About: "Endpoint that tells what a token is worth (RFC 7662)."},
		"resource": {About: "URL that takes an access token, to see that tokens work where there is no " +
			"introspection.",
			Example: "https://api.example.com/me"},
		"revocation": {About: "URL of the revocation endpoint (RFC 7009), where metadata does not name it, or your OpenAPI " +
			"document is the contract.",
			Default: "revocation_endpoint of the server's metadata", Example: "https://auth.example.com/revoke"},
		"dpop": {About: "Algorithm by which DPoP proofs (RFC 9449) are signed, where metadata does not say that the server " +
			"takes proofs. The key is made for each run and written nowhere.",
			Default: "the first of dpop_signing_alg_values_supported that dfcheck can sign by", Example: "ES256",
			OneOf: ProofAlgorithms},
		"lenient": {About: "Deviations that you know of and keep. What they excuse is reported as waived."},
		"clients_registered": {About: "The server must refuse client ids that nobody registered. Asked of the " +
			"documented API, where it is not a rule by itself.",
			Default: "false", Example: "true"},
		"open_registration": {About: "The server takes any client id on purpose.",
			Default: "false", Example: "true"},
		"short_lifetime": {About: "Codes live shorter or longer than is usual on purpose, on a server for tests.",
			Default: "false", Example: "true"},
		"second_granular": {About: "The server measures time in whole seconds, so that a poll at the interval " +
			"may be a second early for it.",
			Default: "false", Example: "true"},
		"request_timeout": {About: "Longest time for an answer to begin, and again to end. What takes longer is an answer " +
			"that broke off.", Default: RequestTimeout.String(), Example: "30s"},
		"max_wait": {About: "Longest time to wait for one code, such as for it to expire. Checks that would wait " +
			"longer are skipped.",
			Default: Seconds(DefaultMaxWait), Example: "31m"},
		"thorough": {About: "Races are run long enough for faults that show in 2 % of rounds, and 30 devices poll side " +
			"by side.",
			Default: "false", Example: "true"},
		"waivers": {About: "File of known failures; `dfcheck waivers` explains it.", Example: "waivers.yaml"},
		"allow_hosts": {About: "Hosts that `dfcheck load` may load besides this machine, as --allow-host does.",
			Example: "[auth.example.com]"},
	}
}

// Words of the endpoints.
func (EndpointsConfig) Words() keys.Words {
	return keys.Words{
		"device_authorization": {About: "Device authorization endpoint: a URL, a path on the host, or an " +
			"operationId of your OpenAPI document.",
			Example: "/device/code"},
		"token": {About: "Token endpoint, written in the same ways.", Example: "/token"},
	}
}

// Words of a client.
func (ClientConfig) Words() keys.Words {
	return keys.Words{
		"id":   {About: "The client_id.", Example: "tv-app"},
		"name": {About: "The name by which people know it, as the consent page should show it.", Example: "TV app"},
		"secret_env": {About: "Environment variable with the client secret. The secret itself has no place in " +
			"the file.",
			Example: "TV_SECRET"},
		"auth": {About: "How the client authenticates: not at all, by HTTP Basic, with client_secret in the body (RFC 6749 " +
			"section 2.3.1), by a signed assertion (OpenID Connect Core section 9), or by a certificate that an authority " +
			"issued or that is registered itself (RFC 8705 section 2).",
			Default: "what the other keys are for, such as basic with a secret_env, or else none", Example: "post",
			OneOf: ClientAuths},
		"cert": {About: "PEM file with the certificate that the client shows (RFC 8705). With auth: none it is a public " +
			"client whose tokens are bound to the certificate.",
			Example: "client.pem"},
		"key": {About: "File with the private key: of private_key_jwt, as JWK or PEM, whose alg and kid are those of the " +
			"JWK; or of cert, as PEM, where it is not in that file.",
			Example: "client.jwk"},
		"key_env": {About: "Environment variable with the private key, in place of key.", Example: "TV_KEY"},
		"audience": {About: "Whom assertions of private_key_jwt are for, their aud.",
			Default: "the issuer where it is known, or else the URL of the token endpoint",
			Example: "https://auth.example.com/token"},
		"keep_assertion": {About: "dfcheck load signs an assertion every 25 seconds, and not one for each request. It is " +
			"for servers that take an assertion several times, and for keys whose signatures are slow.",
			Default: "false", Example: "true"},
	}
}

// Words of trust.
func (TLSConfig) Words() keys.Words {
	return keys.Words{
		"ca_file": {About: "PEM file with the CA of the server's certificate, trusted in place of those of this " +
			"machine.",
			Example: "ca.pem"},
		"insecure": {About: "Do not verify the server's certificate.", Default: "false", Example: "true"},
	}
}

// Words of introspection.
func (IntrospectionConfig) Words() keys.Words {
	return keys.Words{
		"url": {About: "The introspection endpoint.", Example: "https://auth.example.com/introspect"},
		"client": {About: "Client that may ask it.",
			Default: "confidential_client", Example: "{id: backend, secret_env: SECRET, auth: basic}"},
	}
}

// Words of requests.
func (RequestConfig) Words() keys.Words {
	return keys.Words{
		"start": {About: "Members of device authorization requests. {uuid} stands for a new UUID in each request.",
			Example: `{device_id: "{uuid}", scopes: [play]}`},
		"poll":    {About: "Members of polls.", Example: "{device_id: 7f0c}"},
		"headers": {About: "Header fields of both.", Example: `{X-Api-Key: "${API_KEY}"}`},
		"query":   {About: "Parameters of the URL of both.", Example: "{market: SE}"},
		"path": {About: "Values for parameters in the paths of your OpenAPI document, such as {realm}.",
			Example: "{realm: main}"},
	}
}

// Words of the target.
func (TargetConfig) Words() keys.Words {
	return keys.Words{
		"restart": {About: "Command that restarts the server and ends when it was restarted, to see that codes " +
			"outlive it. It is run once, last of all, within a minute. Where it fails, the last lines of its standard error " +
			"are shown.",
			Example: `["./restart.sh"]`},
	}
}

// Words of known deviations.
func (Lenient) Words() keys.Words {
	return keys.Words{
		"status": {About: "Statuses of device-flow errors besides 400: 2xx and 4xx.", Example: "[403, 428]"},
		"verification_url": {About: "verification_url, the name before RFC 8628, instead of verification_uri.",
			Default: "false", Example: "true"},
		"scope_array":  {About: "The scope of a token response is a JSON array.", Default: "false", Example: "true"},
		"expired_once": {About: "expired_token once, then another OAuth error.", Default: "false", Example: "true"},
	}
}

// Words of a device.
func (Device) Words() keys.Words {
	return keys.Words{
		"type": {About: "Its type.", Default: "tv", Example: "tv"},
		"os":   {About: "Its operating system.", Default: "linux", Example: "linux"},
	}
}

// Words of what the pages say.
func (Consent) Words() keys.Words {
	return keys.Words{
		"words": {About: "Texts by which the pages of another language are understood; what is left out is " +
			"looked for in English."},
		"scopes": {About: "By scope, texts any of which says on the page that it is asked for.",
			Example: "{openid: [Ihre Identität]}"},
	}
}

// Words of texts of pages.
func (PageWords) Words() keys.Words {
	return keys.Words{
		"compare": {About: "Texts that ask to compare the codes.", Example: "[Vergleichen Sie den Code]"},
		"warning": {About: "Texts that warn of a flow that somebody else started.", Example: "[nicht selbst begonnen]"},
		"refuse":  {About: "The button that refuses, or what one does to refuse.", Example: "[Ablehnen]"},
		"origin":  {About: "Texts that say where or when the device asked.", Example: "[vor wenigen Minuten]"},
		"device":  {About: "Texts that name the device, its type and its system.", Example: "[Fernseher]"},
		"return":  {About: "Texts that say that one goes on at the device.", Example: "[zurück zum Gerät]"},
	}
}

// ConfigSchemaURL is where editors find the JSON Schema of dfcheck.yaml. Keys stay
// valid, so that the newest schema knows those of every version.
const ConfigSchemaURL = "https://raw.githubusercontent.com/dfcheck/dfcheck/main/conformance/config.schema.json"

// ConfigSchema is the JSON Schema of dfcheck.yaml, by which editors complete it.
func ConfigSchema() []byte {
	return keys.Document{ID: ConfigSchemaURL, Title: "dfcheck.yaml", Variables: true,
		About: "What is known of a device-flow server before dfcheck checks it. Every key is optional."}.Schema(Config{})
}

// ConfigKeys lists the keys of dfcheck.yaml.
func ConfigKeys() []keys.Key { return keys.Of(Config{}) }
