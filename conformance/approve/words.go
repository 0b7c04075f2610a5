package approve

import "github.com/dfcheck/dfcheck/spec/keys"

// What each key of the approve section means. `dfcheck config reference` and the JSON
// Schema of dfcheck.yaml are made of it.

// Words of the section.
func (Config) Words() keys.Words {
	return keys.Words{
		"kind": {About: "Who decides: prompt asks you, form and browser go through the server's pages, http " +
			"sends a request, exec runs a command, reference decides at the reference server.",
			Default: "none", Example: "form", OneOf: Kinds},
		"steps": {About: "form and browser: what is done before both decisions.",
			Example: `[{open: "{verification_uri}"}, {fill: {user_code: "{user_code}"}, press: Continue}]`},
		"approve": {About: "How to approve. form and browser: steps; exec: a command, whose exit code is 0 " +
			"accepted, 1 refused by the server, 2 not supported; http: a request, 2xx accepted, 4xx refused.",
			Example: stepsForm},
		"deny": {About: "How to deny, written as approve is.", Example: "[{press: Deny, expect: Device refused}]"},
		"url": {About: "reference: where the reference server is.",
			Default: "the host", Example: "http://127.0.0.1:8080"},
		"all": {About: "prompt: ask for every decision, not only for the few that show the most.",
			Default: "false", Example: "true"},
		"refused": {About: "form and browser: texts or selectors of a page that refuses the code.",
			Example: `["code is not valid", "#error"]`},
		"hosts": {About: "form and browser: hosts whose pages may be opened besides the server's.",
			Example: "[login.example.com]"},
		"browser": {About: "browser: the program, when it is not found by itself.", Example: "/usr/bin/chromium"},
		"user": {About: "Values of a person for placeholders: {username} in a step is the value of username.",
			Example: `{username: alice, password: "${PASSWORD}"}`},
		"second_user": {About: "Those of another person, under the same names.",
			Example: `{username: bob, password: "${PASSWORD2}"}`},
	}
}

// Words of a step.
func (Step) Words() keys.Words {
	return keys.Words{
		"when": {About: "Do this step only on a page with this text or selector.", Example: "Sign in"},
		"open": {About: "Open a URL: {verification_uri} or {verification_uri_complete}.",
			Example: `"{verification_uri}"`},
		"fill": {About: "Fields by name, label or selector, and what is typed into each.",
			Example: `{user_code: "{user_code}"}`},
		"press":   {About: "Press a button or a link, named by its text, name or selector.", Example: "Allow"},
		"expect":  {About: "The page must then have this text or selector.", Example: "Device connected"},
		"timeout": {About: "How long the step may take.", Default: stepTimeout.String(), Example: "30s"},
	}
}

// Words of a request that decides.
func (request) Words() keys.Words {
	return keys.Words{
		"method":  {About: "http: method of the request.", Default: "POST", Example: "PUT"},
		"url":     {About: "http: its URL. {host} is the server, {user_code} the code.", Example: `"{host}/decide"`},
		"headers": {About: "http: its header fields.", Example: `{Authorization: "Bearer ${TOKEN}"}`},
		"json":    {About: "http: its body, as JSON.", Example: `{user_code: "{user_code}", action: approve}`},
		"form":    {About: "http: its body, as a form.", Example: `{user_code: "{user_code}", action: approve}`},
	}
}
