package main

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
)

// drafted is a recipe for the server's pages, or why there is none.
type drafted struct {
	recipe *approve.Draft
	why    error
	host   string // of the pages, where it is another than the target's
}

// draft looks at the verification page of the device that was started.
func draft(ctx context.Context, t terminal, run *conformance.Run) (d drafted) {
	v, ok := run.Verification()
	switch {
	case !ok:
		d.why = errors.New("no device was started")
		return d
	case !run.Target.Named(v.VerificationURI):
		d.why = errors.New("it is on a host that nobody named; if its pages are meant, name the host in approve.hosts")
		return d
	}
	if u, err := url.Parse(v.VerificationURI); err == nil && u.Scheme+"://"+u.Host != run.Target.Host {
		d.host = u.Host
	}
	d.recipe, d.why = approve.NewDraft(ctx, approve.Env{Host: run.Target.Host, Client: run.Target.PageClient(),
		Redact: t.secrets.redact}, v)
	return d
}

// writeRecipe writes the approve section for the server's pages: as a comment, unless
// somebody asked for it by its kind.
func writeRecipe(line func(string, ...any), t *conformance.Target, d drafted, kind string) {
	mark := "# "
	if kind != "" {
		mark = ""
	}
	write := func(text, todo string) {
		if todo != "" {
			text += "   # TODO: " + oneLine(todo)
		}
		line("%s", mark+text)
	}
	if d.recipe == nil {
		line("# The verification page could not be looked at: %s.", oneLine(t.Redact(d.why.Error())))
		if kind != "" {
			line("# TODO: write its steps. %q shows each page.", "dfcheck approve")
			line("approve: {kind: %s}", kind)
		}
		return
	}
	line("# The verification page was looked at (%s). What was not seen is a guess.", oneLine(titles(d.recipe.Pages)))
	if kind == "" {
		line("# To decide by this recipe, take the # away; what is marked TODO is yours to say.")
		kind = d.recipe.Kind
	}
	write("approve:", "")
	write("  kind: "+kind, "")
	if d.host != "" {
		write("  hosts: ["+quoted(d.host)+"]", "")
	}
	if user := d.recipe.User; len(user) > 0 {
		var values []string
		for _, name := range user {
			values = append(values, name+`: "${DFCHECK_`+strings.ToUpper(name)+`}"`)
		}
		write("  user: {"+strings.Join(values, ", ")+"}", "set the environment variables to a user of the server's")
	}
	for _, part := range []struct {
		key   string
		steps []approve.DraftStep
	}{{"steps", d.recipe.Steps}, {"approve", d.recipe.Approve}, {"deny", d.recipe.Deny}} {
		write("  "+part.key+":", "")
		for _, s := range part.steps {
			lead, todo := "    - ", s.Todo
			for _, text := range recipeLines(s.Step) {
				write(lead+text, todo)
				lead, todo = "      ", ""
			}
		}
	}
}

// writeProgram writes the approve section of an approver that needs no page; what it
// runs or sends is for the user to name.
func writeProgram(line func(string, ...any), kind string) {
	switch kind {
	case "exec":
		line("approve:\n  kind: exec")
		line(`  approve: ["./approve.sh", "{host}", "{user_code}"]   # TODO: exit 0 accepted, 1 refused by the server, 2 not supported`)
		line(`  deny: ["./deny.sh", "{host}", "{user_code}"]`)
	case "http":
		line("approve:\n  kind: http   # 2xx accepted, 4xx refused by the server")
		line(`  approve: {url: "{host}/decide", json: {user_code: "{user_code}", action: approve}}   # TODO: your request`)
		line(`  deny: {url: "{host}/decide", json: {user_code: "{user_code}", action: deny}}`)
	default:
		line("approve: {kind: %s}", kind)
	}
}

// recipeLines are a step in YAML, its server-made words quoted.
func recipeLines(s approve.Step) []string {
	var out []string
	if s.Open != "" {
		out = append(out, "open: "+literal(s.Open))
	}
	if len(s.Fill) > 0 {
		var fields []string
		for _, f := range s.Fill {
			fields = append(fields, quoted(f.Name)+": "+literal(f.Value))
		}
		out = append(out, "fill: {"+strings.Join(fields, ", ")+"}")
	}
	if s.Press != "" {
		out = append(out, "press: "+literal(s.Press))
	}
	return out
}

// literal is a text in quotes that names no variable of the environment.
func literal(s string) string { return strings.ReplaceAll(quoted(s), "${", "$${") }

func titles(pages []string) string {
	var out []string
	for _, p := range pages {
		out = append(out, quoted(p))
	}
	return strings.Join(out, ", then ")
}
