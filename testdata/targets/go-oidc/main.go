// Target server: an OpenID provider made with the Go module
// github.com/luikyv/go-oidc, its options, and a store in memory.
//
//	PORT  listen port on 127.0.0.1 (default 9997)
//	STORE "default": the module's own store, which keeps the last 100 sessions
//
// The lifetime of 300 s and the interval of 5 s are the module's; it has no option
// for them.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"
)

// store is what an application brings: tables of sessions and grants. What it
// returns is a copy, as from a database, and the first row that fits.
type store struct {
	sync.Mutex
	sessions []goidc.AuthnSession
	grants   []goidc.Grant
}

// save replaces the row that is the same, or adds one.
func save[T any](s *store, rows *[]T, row T, same func(T) bool) error {
	s.Lock()
	defer s.Unlock()
	if i := slices.IndexFunc(*rows, same); i >= 0 {
		(*rows)[i] = row
	} else {
		*rows = append(*rows, row)
	}
	return nil
}

func find[T any](s *store, rows *[]T, fits func(T) bool) (*T, error) {
	s.Lock()
	defer s.Unlock()
	if i := slices.IndexFunc(*rows, fits); i >= 0 {
		row := (*rows)[i]
		return &row, nil
	}
	return nil, goidc.ErrNotFound
}

func (s *store) SaveSession(_ context.Context, as *goidc.AuthnSession) error {
	return save(s, &s.sessions, *as, func(row goidc.AuthnSession) bool { return row.ID == as.ID })
}

func (s *store) Session(_ context.Context, id string) (*goidc.AuthnSession, error) {
	return find(s, &s.sessions, func(row goidc.AuthnSession) bool { return row.ID == id })
}

func (s *store) SessionByUserCode(_ context.Context, code string) (*goidc.AuthnSession, error) {
	return find(s, &s.sessions, func(row goidc.AuthnSession) bool { return row.UserCode == code })
}

func (s *store) SessionByDeviceCode(_ context.Context, code string) (*goidc.AuthnSession, error) {
	return find(s, &s.sessions, func(row goidc.AuthnSession) bool { return row.DeviceCode == code })
}

func (s *store) SaveGrant(_ context.Context, g *goidc.Grant) error {
	return save(s, &s.grants, *g, func(row goidc.Grant) bool { return row.ID == g.ID })
}

func (s *store) Grant(_ context.Context, id string) (*goidc.Grant, error) {
	return find(s, &s.grants, func(row goidc.Grant) bool { return row.ID == id })
}

func (s *store) GrantByDeviceCode(_ context.Context, code string) (*goidc.Grant, error) {
	return find(s, &s.grants, func(row goidc.Grant) bool { return row.DeviceCode == code })
}

func (s *store) GrantByRefreshToken(_ context.Context, token string) (*goidc.Grant, error) {
	return find(s, &s.grants, func(row goidc.Grant) bool { return row.RefreshToken == token })
}

var pages = template.Must(template.New("").Parse(`
{{define "code"}}<h1>Connect a device</h1><form action="/device">
<input name="user_code" autocomplete="off"><button type="submit">Continue</button></form>{{end}}
{{define "consent"}}<h1>Device {{.UserCode}}</h1><p>{{.ClientID}} asks for: {{.Scopes}}</p>
<form method="post" action="/device/{{.ID}}"><input name="username"><input name="password" type="password">
<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>{{end}}
{{define "done"}}<h1>Device connected</h1>{{end}}
{{define "error"}}<h1>Not connected</h1><p>{{.}}</p>{{end}}
`))

func render(w http.ResponseWriter, status int, page string, data any) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	return pages.ExecuteTemplate(w, page, data)
}

// authenticate is the application's part of the flow: who the user is, and what
// they decide.
func authenticate(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, _ *goidc.Client) (
	goidc.Status, error,
) {
	switch r.PostFormValue("decision") {
	case "allow":
		if r.PostFormValue("password") == "password" {
			as.Subject, as.GrantedScopes = r.PostFormValue("username"), as.Scopes
			return goidc.StatusSuccess, nil
		}
	case "deny":
		return goidc.StatusFailure, errors.New("the user refused the device")
	}
	return goidc.StatusPending, render(w, http.StatusOK, "consent", as)
}

func client(id, secret string, method goidc.AuthnMethod, grants ...goidc.GrantType) *goidc.Client {
	return &goidc.Client{ID: id, Secret: secret, ClientMeta: goidc.ClientMeta{
		Name: id, GrantTypes: grants, TokenAuthnMethod: method, ScopeIDs: "openid profile offline_access",
	}}
}

func main() {
	port := "9997"
	if v := os.Getenv("PORT"); v != "" {
		port = v
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	signing := goidc.JSONWebKey{Key: key, KeyID: "key", Algorithm: string(jose.RS256), Use: "sig"}
	keys := goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{signing}}
	st := &store{}
	var (
		grants  goidc.GrantManager        = st
		devices goidc.DeviceAuthManager   = st
		refresh goidc.RefreshTokenManager = st
	)
	if os.Getenv("STORE") == "default" {
		grants, devices, refresh = nil, nil, nil
	}
	issuer := "http://127.0.0.1:" + port
	device, again := goidc.GrantDeviceCode, goidc.GrantRefreshToken
	op, err := provider.New(issuer, grants,
		func(context.Context) (goidc.JSONWebKeySet, error) { return keys, nil },
		provider.WithScopes(goidc.ScopeOpenID, goidc.ScopeProfile, goidc.ScopeOfflineAccess),
		provider.WithTokenAuthnMethods(goidc.AuthnMethodNone, goidc.AuthnMethodSecretBasic),
		provider.WithStaticClients(
			client("dfcheck", "", goidc.AuthnMethodNone, device, again),
			client("dfcheck-other", "", goidc.AuthnMethodNone, device, again),
			client("dfcheck-conf", "secret", goidc.AuthnMethodSecretBasic, device, again),
			client("nodevice", "", goidc.AuthnMethodNone, again),
		),
		provider.WithDeviceGrant(devices,
			func(w http.ResponseWriter, _ *http.Request) error { return render(w, http.StatusOK, "code", nil) },
			func(w http.ResponseWriter, _ *http.Request) error { return render(w, http.StatusOK, "done", nil) }),
		provider.WithRefreshTokenGrant(refresh),
		provider.WithTokenIntrospection(func(_ context.Context, c *goidc.Client, _ goidc.TokenInfo) bool {
			return c.ID == "dfcheck-conf"
		}),
		provider.WithPolicies(goidc.NewPolicy("password",
			func(*http.Request, *goidc.AuthnSession, *goidc.Client) bool { return true }, authenticate)),
		provider.WithRenderErrorFunc(func(w http.ResponseWriter, _ *http.Request, err error) error {
			return render(w, http.StatusBadRequest, "error", err.Error())
		}),
		provider.WithHandleErrorFunc(func(_ context.Context, err error) {
			if !strings.Contains(err.Error(), "pending") {
				fmt.Fprintln(os.Stderr, err)
			}
		}),
	)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("go-oidc on %s: any user name, password: password", issuer)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, op.Handler()))
}
