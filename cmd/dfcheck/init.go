package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/checks"
	"github.com/dfcheck/dfcheck/conformance/discovery"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// initFlags are the options of init.
type initFlags struct {
	targetFlags
	output  string
	force   bool
	drafted drafted // from the verification page
}

func newInit(t terminal) *cobra.Command {
	f := &initFlags{}
	c := &cobra.Command{
		Use: "init", Short: "Look at a server and write a dfcheck.yaml for it", Args: cobra.NoArgs,
		Long: `Looks for the device flow of a server: the documented paths, metadata, an OpenAPI
document and the usual endpoints. Then it sends one device authorization request,
looks at the verification page, and writes a configuration with a comment for
everything that can be added, a first recipe for the page included. On a terminal
it asks for the host and the client; elsewhere, flags name them.

An existing file is kept, unless --force is given.`,
		Example: `  dfcheck init --host https://auth.example.com --client-id tv-app
  dfcheck init --host localhost:8080 --approve prompt --output - `,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), t) },
	}
	f.add(c.Flags())
	c.Flags().StringVarP(&f.output, "output", "o", defaultConfig, "file to write; - for standard output")
	c.Flags().BoolVar(&f.force, "force", false, "replace an existing file")
	return c
}

func (f *initFlags) run(ctx context.Context, t terminal) error {
	ask := t.asker()
	if f.host == "" {
		f.host = ask("server to check (a URL)", "")
	}
	if f.host == "" {
		return usage(errors.New("no server is named"), "dfcheck init --host https://auth.example.com")
	}
	if _, err := os.Stat(f.output); err == nil && f.output != "-" && !f.force {
		return usage(fmt.Errorf("%s exists already", f.output), "--force replaces it, --output names another file")
	}
	if f.clientID == "" {
		f.clientID = ask("client id", "dfcheck")
	}
	if f.config != "" {
		return usage(errors.New("init writes a configuration and reads none"), "leave --config out")
	}
	c := &conformance.Config{Host: f.host, Issuer: f.issuer, Scope: f.scope,
		Spec: f.spec, Endpoints: conformance.EndpointsConfig{DeviceAuthorization: f.start, Token: f.token},
		Client: conformance.ClientConfig{ID: f.clientID, SecretEnv: f.clientSecretEnv, Auth: f.clientAuth,
			Cert: f.clientCert, Key: f.clientKey},
		TLS:            conformance.TLSConfig{CAFile: f.caFile, Insecure: f.insecure},
		RequestTimeout: conformance.Duration(f.requestTimeout)}
	target, err := c.Target()
	if err != nil {
		return configError(err)
	}
	t.secrets.keep(target.Redact, target.Guard)
	if err := discovery.Choose(ctx, target, c.Choice()); err != nil {
		return printAnswers(t, notFound(ctx, err))
	}
	found := target.Look
	printLook(t.err, target)
	run, err := f.begin(ctx, target)
	if err != nil {
		return printAnswers(t, (&conformanceFlags{}).whyUnprepared(ctx, err))
	}
	defer run.Close()
	if m := target.MissingCredentials(); m != "" {
		fmt.Fprintf(t.err, "client     %s\n", m)
	}
	f.drafted = draft(ctx, t, run)
	text, err := f.configuration(found, run)
	if err != nil {
		return usage(err, "name the endpoints with --device-authorization-endpoint and --token-endpoint")
	}
	return f.write(t, found, text)
}

// begin tries one device; a server that wants a scope gets one that it names.
func (f *initFlags) begin(ctx context.Context, target *conformance.Target) (*conformance.Run, error) {
	run, err := conformance.Prepare(ctx, target, checks.All(), conformance.Options{})
	p, ok := errors.AsType[*conformance.PreflightError](err)
	if !ok || f.scope != "" || target.Look.Scope == "" || p.Exchange == nil ||
		!conformance.WantsScope(p.Exchange) && p.Exchange.ErrorCode() != spec.ErrInvalidRequest {
		return run, err
	}
	f.scope = target.Look.Scope
	target.Scope = f.scope
	return conformance.Prepare(ctx, target, checks.All(), conformance.Options{})
}

// write saves the configuration, and the document it rests on, when both can be
// read again.
func (f *initFlags) write(t terminal, found *conformance.Look, text string) error {
	guard := reports.Guard(t.secrets.guard)
	configuration := guard.Over("the configuration", func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if f.output == "-" {
		return configuration(rendered(t.out))
	}
	if found.Document != nil {
		path := filepath.Join(filepath.Dir(f.output), found.Spec)
		if _, err := os.Stat(path); err == nil && !f.force {
			return usage(fmt.Errorf("%s exists already", path), "--force replaces it")
		}
		document := guard.Over("the OpenAPI document", func(w io.Writer) error {
			_, err := w.Write(found.Document)
			return err
		})
		if err := reports.WriteFile(path, document); err != nil {
			return &failure{reports.ExitUsage, err, ""}
		}
	}
	if err := reports.WriteFile(f.output, configuration); err != nil {
		return usage(err, "")
	}
	how := "dfcheck conformance"
	if f.output != defaultConfig || f.approver == "exec" { // whose commands run where the file is named
		how += " --config " + f.output
	}
	fmt.Fprintf(t.out, "wrote %s; now: %s\n", f.output, how)
	return nil
}

// asker asks on a terminal, and returns the default anywhere else. A question that
// a flag answered is not to be asked: what was typed would be ignored.
func (t terminal) asker() func(question, otherwise string) string {
	if !interactive(t.in) {
		return func(_, otherwise string) string { return otherwise }
	}
	lines := bufio.NewScanner(t.in)
	return func(question, otherwise string) string {
		if otherwise != "" {
			question += " [" + otherwise + "]"
		}
		fmt.Fprintf(t.err, "%s: ", question)
		if !lines.Scan() {
			return otherwise
		}
		return cmp.Or(strings.TrimSpace(lines.Text()), otherwise)
	}
}
