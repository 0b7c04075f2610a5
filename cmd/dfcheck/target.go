package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/conformance/discovery"
	"github.com/dfcheck/dfcheck/reports"
)

// defaultConfig is read when it is there and no other file is named.
const defaultConfig = "dfcheck.yaml"

// targetFlags name a server and what is known of it. They win over the
// configuration file.
type targetFlags struct {
	config                                  string
	host, spec, issuer                      string
	start, token                            string
	clientID, clientSecretEnv, clientAuth   string
	clientCert, clientKey                   string
	scope, caFile, approver, secondClientID string
	insecure                                bool
	requestTimeout                          time.Duration
	flags                                   *pflag.FlagSet         // that these are part of
	configured                              string                 // the configuration file that was read
	trace                                   func(approve.PageSeen) // is told of the pages of an approver's way
	pictures                                string                 // folder for a browser's pictures of failed steps
}

func (f *targetFlags) add(fs *pflag.FlagSet) {
	f.flags = fs
	fs.StringVar(&f.config, "config", "", "configuration file (default "+defaultConfig+" when it exists)")
	fs.StringVar(&f.host, "host", "", "URL of the server (default: the embedded server)")
	fs.StringVar(&f.spec, "spec", "",
		"contract: auto, documented-v1, documented-v2, rfc8628, or an OpenAPI document (default auto)")
	fs.StringVar(&f.issuer, "issuer", "", "issuer whose metadata names the endpoints, when it is not --host")
	fs.StringVar(&f.start, "device-authorization-endpoint", "", "URL or path of the device authorization endpoint")
	fs.StringVar(&f.token, "token-endpoint", "", "URL or path of the token endpoint")
	fs.StringVar(&f.clientID, "client-id", "", "client to act as (default dfcheck)")
	fs.StringVar(&f.clientSecretEnv, "client-secret-env", "", "environment variable with the client's secret")
	fs.StringVar(&f.clientAuth, "client-auth", "",
		"how the client authenticates: "+strings.Join(conformance.ClientAuths, ", "))
	fs.StringVar(&f.clientCert, "client-cert", "", "PEM file with the client's certificate, for mutual TLS")
	fs.StringVar(&f.clientKey, "client-key", "",
		"file with the client's private key, of --client-cert or for private_key_jwt")
	fs.StringVar(&f.secondClientID, "second-client-id", "", "another registered client")
	fs.StringVar(&f.scope, "scope", "", "scope to request")
	fs.StringVar(&f.caFile, "ca-file", "", "PEM file with the CA of the server's certificate")
	fs.BoolVar(&f.insecure, "insecure", false, "do not verify the server's certificate")
	fs.Var(duration(&f.requestTimeout), "request-timeout",
		fmt.Sprintf("longest time for an answer to begin, and again to end (default %s)", conformance.RequestTimeout))
	fs.StringVar(&f.approver, "approve", "", "who approves and denies: "+strings.Join(approve.Kinds, ", "))
}

// read merges file and flags.
func (f *targetFlags) read(t terminal) (*conformance.Config, error) {
	c := &conformance.Config{}
	path := f.config
	if path == "" {
		if _, err := os.Stat(defaultConfig); err == nil {
			path = defaultConfig
			t.note("using %s", path)
		}
	}
	if path != "" {
		var err error
		f.configured = path
		if c, err = conformance.ReadConfig(path); err != nil {
			return nil, usage(err, configHint)
		}
	}
	for _, o := range []struct {
		flag string
		key  *string
	}{
		{f.host, &c.Host}, {f.spec, &c.Spec}, {f.issuer, &c.Issuer}, {f.start, &c.Endpoints.DeviceAuthorization},
		{f.token, &c.Endpoints.Token}, {f.clientID, &c.Client.ID}, {f.clientSecretEnv, &c.Client.SecretEnv},
		{f.clientAuth, &c.Client.Auth}, {f.clientCert, &c.Client.Cert}, {f.clientKey, &c.Client.Key},
		{f.scope, &c.Scope}, {f.caFile, &c.TLS.CAFile}, {f.approver, &c.Approve.Kind},
	} {
		if o.flag != "" {
			*o.key = o.flag
		}
	}
	if f.secondClientID != "" {
		c.SecondClient = &conformance.ClientConfig{ID: f.secondClientID}
	}
	c.TLS.Insecure = c.TLS.Insecure || f.insecure
	c.RequestTimeout = cmp.Or(conformance.Duration(f.requestTimeout), c.RequestTimeout)
	if commands := c.Commands(); f.config == "" && len(commands) > 0 {
		return nil, usage(fmt.Errorf("%s lies in this folder and runs commands (%s); nobody has named it", path,
			strings.Join(commands, "; ")), "read it, and name it if that is meant: --config "+path)
	}
	if c.Approve.Kind == "prompt" && !interactive(t.in) {
		return nil, usage(errors.New("--approve prompt asks a person, and standard input is not a terminal"),
			"let a program decide: approve: {kind: form, exec, http or browser, ...} in dfcheck.yaml; or run without: "+
				"--approve none")
	}
	return c, nil
}

// target makes the target that configuration and flags describe, or the
// embedded server when they name no host. stop ends what was started for it.
func (f *targetFlags) target(ctx context.Context, t terminal, c *conformance.Config) (target *conformance.Target,
	stop func(), err error) {
	if c.Host == "" {
		return f.embedded(t, c)
	}
	target, err = c.Target()
	if err != nil {
		return nil, nil, configError(err)
	}
	t.secrets.keep(target.Redact, target.Guard)
	if target.Approver, err = f.newApprover(t, c, target); err != nil {
		return nil, nil, err // before anything is sent
	}
	if err := discovery.Choose(ctx, target, c.Choice()); err != nil {
		closer(target.Approver)()
		return nil, nil, notFound(ctx, err)
	}
	return target, closer(target.Approver), nil
}

// notFound gives the errors of Choose their exit codes.
func notFound(ctx context.Context, err error) error {
	if p, ok := errors.AsType[*conformance.PreflightError](err); ok {
		code := reports.ExitUntested
		if p.Incomplete {
			code = reports.ExitUsage
		}
		return &failure{code, p, p.Hint}
	}
	if ctx.Err() != nil {
		return &failure{code: reports.ExitInterrupted, err: errors.New("interrupted before anything was sent")}
	}
	return usage(err, "")
}

// embedded starts the embedded server and makes it the target, with another
// approver where one is named.
func (f *targetFlags) embedded(t terminal, c *conformance.Config) (*conformance.Target, func(), error) {
	if err := serverless(c); err != nil {
		return nil, nil, err
	}
	target, stop, err := embedded(c, t)
	if err != nil || c.Approve.Kind == "" {
		return target, stop, err
	}
	if target.Approver, err = f.newApprover(t, c, target); err != nil {
		stop()
		return nil, nil, err
	}
	return target, func() { closer(target.Approver)(); stop() }, nil
}

// serverless refuses a configuration that says something of a server and names
// none: it must not be checked on the embedded one.
func serverless(c *conformance.Config) error {
	if _, err := c.Target(); err != nil {
		return configError(err)
	}
	return usage(c.CheckHost(), "name it with --host, or host: in the configuration; the embedded server takes neither")
}

// configError is an error of the configuration with what to do about it.
func configError(err error) error {
	hint := ""
	if errors.Is(err, conformance.ErrCredentials) {
		hint = `leave it out: reports show URLs; a gateway's password goes into headers: {Authorization: "${VARIABLE}"} in dfcheck.yaml`
	}
	return usage(err, hint)
}

// closer returns what ends an approver: a browser is closed.
func closer(a approve.Approver) func() {
	return func() {
		if c, ok := a.(io.Closer); ok {
			c.Close()
		}
	}
}

// newApprover makes the approver of the configuration; nil when it has none.
func (f *targetFlags) newApprover(t terminal, c *conformance.Config, target *conformance.Target) (approve.Approver,
	error) {
	a, err := approve.New(c.Approve, approve.Env{Host: target.Host, Client: target.PageClient(), In: t.in, Out: t.err,
		Trace: f.trace, Dir: f.pictures, Redact: t.secrets.redact, Hold: t.screen.hold})
	return a, usage(err, "`dfcheck approve --help` describes the approvers")
}
