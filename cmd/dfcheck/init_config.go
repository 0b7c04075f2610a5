package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
)

// configuration writes dfcheck.yaml: what was found, and as comments what can be
// added. Texts of the server are quoted, and none may name a variable of the
// environment.
func (f *initFlags) configuration(found *conformance.Look, run *conformance.Run) (string, error) {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, text := range []string{found.Issuer, found.Start, found.Token, f.scope} {
		if strings.Contains(text, "${") {
			return "", fmt.Errorf("the server names something with a variable in it: %q", text)
		}
	}
	t := run.Target
	line("# yaml-language-server: $schema=%s", conformance.ConfigSchemaURL)
	line("# `dfcheck config reference` explains every key.")
	line("\n# Where the server is, and how it was found: %s.", oneLine(t.ChosenWhy))
	line("host: %s", quoted(t.Host))
	line("spec: %s", quoted(found.Spec))
	if found.Issuer != "" {
		line("issuer: %s", quoted(found.Issuer))
	}
	var endpoints, tls []string
	if found.Start != "" {
		endpoints = append(endpoints, "device_authorization: "+quoted(found.Start))
	}
	if found.Token != "" {
		endpoints = append(endpoints, "token: "+quoted(found.Token))
	}
	if f.caFile != "" {
		tls = append(tls, "ca_file: "+quoted(f.caFile))
	}
	if f.insecure {
		tls = append(tls, "insecure: true")
	}
	for _, of := range []struct {
		key  string
		said []string
	}{{"endpoints", endpoints}, {"tls", tls}} {
		if len(of.said) > 0 {
			line("%s: {%s}", of.key, strings.Join(of.said, ", "))
		}
	}
	if f.requestTimeout > 0 {
		line("request_timeout: %s", f.requestTimeout)
	}
	line("\n# The client to act as. Others make more checks possible.")
	if m := t.MissingCredentials(); m != "" {
		line("# TODO: %s", oneLine(m))
	}
	line("client: {id: %s%s}", quoted(f.clientID), f.credentials())
	f.otherCredentials(line, found)
	if t.PKCE != "" {
		line("pkce: %s                                  # the server demands a code challenge at the start", t.PKCE)
	}
	if f.secondClientID != "" {
		line("second_client: {id: %s}", quoted(f.secondClientID))
	} else {
		line("# second_client: {id: other-app}              # registered for the device flow as well")
	}
	line("# restricted_client: {id: web-app}            # registered, but not for the device flow")
	line("# confidential_client: {id: backend, secret_env: SECRET, auth: basic}")
	line("# clients_registered: true                    # the server must refuse client ids that nobody registered")
	f.scopes(line, found)
	line("\n# Who presses Approve; without it the checks that need a decision are skipped.")
	line("# prompt asks you, at most %d times (all: true asks for every decision). form and", conformance.MaxDecisions)
	line("# browser go through the server's pages, http sends a request, exec runs a command;")
	line("# `dfcheck approve` tries it, `dfcheck approve --help` describes each kind.")
	pages := f.approver == "form" || f.approver == "browser"
	switch {
	case f.approver == "":
		line("# approve: {kind: prompt}")
		writeRecipe(line, t, f.drafted, "")
	case pages:
		writeRecipe(line, t, f.drafted, f.approver)
	default:
		writeProgram(line, f.approver)
	}
	f.habits(line, run)
	return b.String(), nil
}

func (f *initFlags) credentials() string {
	out := ""
	if f.clientSecretEnv != "" {
		out += ", secret_env: " + quoted(f.clientSecretEnv)
	}
	if f.clientAuth != "" {
		out += ", auth: " + quoted(f.clientAuth)
	}
	if f.clientCert != "" {
		out += ", cert: " + quoted(f.clientCert)
	}
	if f.clientKey != "" {
		out += ", key: " + quoted(f.clientKey)
	}
	return out
}

// otherCredentials are what the server takes in place of a secret, by its metadata.
func (f *initFlags) otherCredentials(line func(string, ...any), found *conformance.Look) {
	if f.clientCert+f.clientKey != "" {
		return
	}
	if slices.Contains(found.AuthMethods, conformance.AuthAssertion) {
		line("# client: {id: tv-app, auth: private_key_jwt, key: client.jwk}   # the server takes signed assertions")
	}
	if slices.ContainsFunc(found.AuthMethods, conformance.ByCertificate) {
		line("# client: {id: tv-app, cert: client.pem, key: client.key}   # the server takes client certificates")
	}
}

func (f *initFlags) scopes(line func(string, ...any), found *conformance.Look) {
	switch {
	case f.scope != "":
		line("scope: %s", quoted(f.scope))
	case found.Scope == "openid":
		line("# scope: openid                             # the server has this one")
	default:
		line("# scope: openid")
	}
}

// habits are what one start and one poll showed.
func (f *initFlags) habits(line func(string, ...any), run *conformance.Run) {
	timing := run.Target.Timing
	line("\n# Codes live for %s, devices poll every %s.", timing.Lifetime, timing.Interval)
	switch {
	case timing.Lifetime > conformance.DefaultMaxWait:
		line("# max_wait: %-34s# to see them expire", (timing.Lifetime + time.Minute).String())
	case timing.Lifetime < 2*time.Minute:
		line("# short_lifetime: true                        # intended: this server is for tests")
	}
	for _, h := range conformance.Habits(run.Transcript().Exchanges) {
		line("# %s.", oneLine(h.What))
		if h.Setting != "" {
			line("# lenient: {%s}  # if that is intended: reported as waived then", oneLine(h.Setting))
		}
	}
}

// quoted is a text as a YAML scalar in double quotes, which JSON's are.
func quoted(s string) string {
	out, _ := json.Marshal(s) // a string
	return string(out)
}

// oneLine keeps a text from leaving its comment.
func oneLine(s string) string { return strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ") }
