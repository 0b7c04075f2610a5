package discovery

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// A pair is where a server has the two endpoints of the device flow.
type pair struct{ start, token string }

// Where servers are known to have their issuer, their OpenAPI document and their
// endpoints, when nothing says so.
var (
	usualIssuers = []string{"/dex", "/oidc", "/oauth2", "/oauth2/default", "/oauth", "/api/auth", "/api/oidc",
		"/realms/master", "/auth/realms/master"}

	usualDocuments = []string{"/openapi.json", "/openapi.yaml", "/api/openapi.json", "/api/schema/", "/v3/api-docs",
		"/swagger.json"}

	usualEndpoints = []pair{
		{"/device_authorization", "/token"},
		{"/oauth/device_authorization", "/oauth/token"},
		{"/oauth2/device_authorization", "/oauth2/token"},
		{"/oauth/device/code", "/oauth/token"},
		{"/oauth2/device/code", "/oauth2/token"},
		{"/device/code", "/token"},
		{"/login/device/code", "/login/oauth/access_token"},
		{"/o/device-authorization/", "/o/token/"},
		{"/oauth/authorize_device", "/oauth/token"},
		{"/oauth2/device/auth", "/oauth2/token"},
		{"/connect/deviceauthorization", "/connect/token"},
		{realmPath + "/auth/device", realmPath + "/token"},
		{"/api/auth/device/code", "/api/auth/device/token"},
		{"/oauth/device", "/oauth/token"},
		{"/device/auth", "/token"},
	}
)

// realmPath is where Keycloak has the endpoints of a realm.
const realmPath = "{realm}/protocol/openid-connect"

// endpointsFor are the usual endpoints, with the realm that the issuer or the host
// names; master is the one that every Keycloak has.
func endpointsFor(host, issuer string) []pair {
	realm := "/realms/master"
	for _, u := range []string{host, issuer} {
		if before, after, ok := strings.Cut(u, "/realms/"); ok {
			name, _, _ := strings.Cut(after, "/")
			realm = before + "/realms/" + name
		}
	}
	out := slices.Clone(usualEndpoints)
	for i := range out {
		for _, e := range []*string{&out[i].start, &out[i].token} {
			*e = strings.Replace(*e, "{realm}", realm, 1)
		}
	}
	return out
}

// tokenPathsFor are where the token endpoint may be of a server that has its
// device authorization endpoint at a path: the usual neighbours first, then the
// same folder and the one above, then the usual paths.
func tokenPathsFor(start string, usual []pair) []string {
	var near []string
	for dir := range folders(start) {
		near = append(near, strings.TrimSuffix(dir, "/")+"/token")
	}
	return pathsBeside(start, usual, near)
}

// startPathsFor are where the device authorization endpoint may be of a server
// that has its token endpoint at a path.
func startPathsFor(token string, usual []pair) []string {
	swapped := slices.Clone(usual)
	for i, e := range usual {
		swapped[i] = pair{e.token, e.start}
	}
	return pathsBeside(token, swapped, nil)
}

// pathsBeside are where the second endpoint of a pair may be when the first is at a
// path: its usual neighbours, some more, and the usual paths; each once.
func pathsBeside(first string, usual []pair, more []string) []string {
	var out []string
	add := func(p string) {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, e := range usual {
		if prefix, ok := strings.CutSuffix(first, e.start); ok {
			add(prefix + e.token)
		}
	}
	for _, p := range more {
		add(p)
	}
	for _, e := range usual {
		add(e.token)
	}
	return out
}

// folders are the one that a path is in, and the one above that.
func folders(p string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		dir := path.Dir(strings.TrimSuffix(p, "/"))
		if yield(dir) && dir != "/" {
			yield(path.Dir(dir))
		}
	}
}

// placeOf splits an endpoint as it was named into the base that other paths are
// joined to and its own path.
func placeOf(host, named string) (base, p string) {
	u, err := url.Parse(named)
	if err != nil || u.Host == "" {
		return host, "/" + strings.TrimPrefix(named, "/")
	}
	if rest, ok := strings.CutPrefix(named, strings.TrimSuffix(host, "/")+"/"); ok {
		return host, "/" + rest
	}
	return u.Scheme + "://" + u.Host, u.EscapedPath()
}
