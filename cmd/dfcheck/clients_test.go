package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cli/oauth/api"
	"github.com/cli/oauth/device"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
)

// A deviceClient goes through one device flow with a library that others wrote.
// It says a line for each step: "code USER_CODE", "answer ..." for every poll,
// and at the end "token TYPE" or "refused ERROR".
type deviceClient func(ctx context.Context, s served, say func(string)) error

var deviceClients = map[string]deviceClient{
	"x-oauth2":      withXOAuth2,
	"cli-oauth":     withCLIOAuth,
	"openid-client": withOpenIDClient,
}

// TestClients leads clients of others through dfcheck serve, over sockets and
// https: they wait while nothing is decided, slow down when told to, get tokens,
// and stop at a denial.
func TestClients(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the clients wait on their own")
	}
	flows := []struct {
		name, decision string
		args           []string
		want           []string // the decision falls before the last answer
	}{
		{"approval after slow_down", "approve", []string{"--slow-down", "2"},
			[]string{"answer authorization_pending", "answer slow_down", "answer authorization_pending", "answer token",
				"token bearer"}},
		{"denial", "deny", nil,
			[]string{"answer authorization_pending", "answer access_denied", "refused access_denied"}},
	}
	for _, flow := range flows {
		t.Run(flow.name, func(t *testing.T) {
			t.Parallel()
			s := startServe(t, append([]string{"--spec", "rfc8628", "--interval", "1s"}, flow.args...)...)
			for name, run := range deviceClients {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					if name == "openid-client" {
						fetch(t, name, fetchOpenIDClient)
					}
					if diff := cmp.Diff(flow.want, s.lead(t, run, flow.decision, len(flow.want)-2)); diff != "" {
						t.Errorf("the steps of the client (-want +got):\n%s", diff)
					}
				})
			}
		})
	}
}

// lead runs a client, decides after so many answers, and returns the client's
// steps but the first, which names its code.
func (s served) lead(t *testing.T, run deviceClient, decision string, after int) []string {
	t.Helper()
	var code string
	var steps []string
	err := run(t.Context(), s, func(step string) {
		if c, ok := strings.CutPrefix(step, "code "); ok {
			code = c
			return
		}
		steps = append(steps, step)
		if len(steps) == after {
			s.decide(t, code, decision)
		}
	})
	if err != nil {
		t.Errorf("after %q: %v", steps, err)
	}
	return steps
}

// served is a running dfcheck serve.
type served struct {
	base, caFile string
	client       *http.Client
}

// startServe runs dfcheck serve as a process with a certificate of its own. It
// ends with the test.
func startServe(t *testing.T, args ...string) served {
	t.Helper()
	s := served{caFile: filepath.Join(t.TempDir(), "ca.pem")}
	// Not t.Context: the parallel tests inside outlast the function that starts it.
	cmd := exec.Command("dfcheck", append([]string{"serve", "--addr", "127.0.0.1:0", "--decisions", "--tls-cert-out",
		s.caFile}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Signal(syscall.SIGTERM); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("dfcheck serve says %q, %v", line, err)
	}
	s.base = base
	pem, err := os.ReadFile(s.caFile)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in %s: %v", s.caFile, err)
	}
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	return s
}

// decide is the person at the verification page.
func (s served) decide(t *testing.T, code, decision string) {
	body, _ := json.Marshal(map[string]string{"user_code": code, "action": decision})
	resp, err := s.client.Post(s.base+"/decision", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Errorf("the decision %s on %q was answered %s", decision, code, resp.Status)
	}
}

// endpoints reads where the server says that its endpoints are.
func (s served) endpoints() (start, token string, err error) {
	resp, err := s.client.Get(s.base + "/.well-known/oauth-authorization-server")
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	var m struct {
		Start string `json:"device_authorization_endpoint"`
		Token string `json:"token_endpoint"`
	}
	err = json.NewDecoder(resp.Body).Decode(&m)
	return m.Start, m.Token, err
}

// tap says what the token endpoint answers.
type tap struct {
	through http.RoundTripper
	url     string
	say     func(string)
}

func (p tap) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := p.through.RoundTrip(r)
	if err != nil || r.URL.String() != p.url {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var answer struct{ Error string }
	json.Unmarshal(body, &answer)
	if answer.Error == "" {
		answer.Error = "token"
	}
	p.say("answer " + answer.Error)
	return resp, err
}

func withXOAuth2(ctx context.Context, s served, say func(string)) error {
	start, token, err := s.endpoints()
	if err != nil {
		return err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: tap{s.client.Transport, token, say}})
	c := oauth2.Config{ClientID: "dfcheck", Scopes: []string{"profile"},
		Endpoint: oauth2.Endpoint{DeviceAuthURL: start, TokenURL: token, AuthStyle: oauth2.AuthStyleInParams}}
	flow, err := c.DeviceAuth(ctx)
	if err != nil {
		return err
	}
	say("code " + flow.UserCode)
	tokens, err := c.DeviceAccessToken(ctx, flow)
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		say("refused " + refused.ErrorCode)
		return nil
	}
	if err == nil {
		say("token " + strings.ToLower(tokens.TokenType)) // RFC 6749 section 7.1: in any case
	}
	return err
}

func withCLIOAuth(ctx context.Context, s served, say func(string)) error {
	start, token, err := s.endpoints()
	if err != nil {
		return err
	}
	c := &http.Client{Transport: tap{s.client.Transport, token, say}}
	flow, err := device.RequestCode(c, start, "dfcheck", []string{"profile"})
	if err != nil {
		return err
	}
	say("code " + flow.UserCode)
	tokens, err := device.Wait(ctx, c, token, device.WaitOptions{ClientID: "dfcheck", DeviceCode: flow})
	if refused, ok := errors.AsType[*api.Error](err); ok {
		say("refused " + refused.Code)
		return nil
	}
	if err == nil {
		say("token " + strings.ToLower(tokens.Type))
	}
	return err
}

const openIDClient = "../../testdata/clients/openid-client/run.sh"

// fetchOpenIDClient installs the npm client once, for all tests.
var fetchOpenIDClient = sync.OnceValues(exec.Command(openIDClient).CombinedOutput)

func withOpenIDClient(ctx context.Context, s served, say func(string)) error {
	cmd := exec.CommandContext(ctx, openIDClient, s.base)
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+s.caFile)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		say(lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return nil
}
