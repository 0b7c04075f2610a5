package refserver

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/dfcheck/dfcheck/spec"
)

// answer is what the server is about to say.
type answer struct {
	status  int
	code    string         // error code, "" for a success
	members map[string]any // of a success, or of an error beside error and error_description
	header  http.Header    // beyond Content-Type and Cache-Control
	body    []byte         // sent as it is, when not nil
}

// refuse is an error answer of RFC 6749 section 5.2: status 400.
func refuse(code, description string) *answer {
	return &answer{status: http.StatusBadRequest, code: code, members: map[string]any{"error_description": description}}
}

// problem is a refusal from below OAuth: its status says all, and an error code
// of RFC 6749 would claim status 400.
func problem(status int, text string) *answer {
	return &answer{status: status, members: map[string]any{"message": text}}
}

func succeed(members map[string]any) *answer {
	return &answer{status: http.StatusOK, members: members}
}

// word is an answer in a word, as people read it.
func (a *answer) word() string {
	switch {
	case a.code != "":
		return a.code
	case a.status == http.StatusOK:
		return "tokens"
	}
	return statusWords[a.status]
}

// statusWords are made once: an answer to every poll is put into words.
var statusWords = func() (words [600]string) {
	for status := range words {
		words[status] = fmt.Sprint("HTTP ", status)
	}
	return words
}()

// with adds a header field.
func (a *answer) with(name, value string) *answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
	return a
}

// The four states of polling (RFC 8628 section 3.5), rendered once: most
// answers are one of them.
var polling = func() map[string][]byte {
	out := map[string][]byte{}
	for code, text := range map[string]string{
		spec.ErrAuthorizationPending: "the user has not decided yet",
		spec.ErrSlowDown:             "polled too fast; wait 5 seconds longer between polls from now on",
		spec.ErrAccessDenied:         "the user denied the request",
		spec.ErrExpiredToken:         "the device code has expired",
	} {
		out[code], _ = json.Marshal(map[string]string{"error": code, "error_description": text})
	}
	return out
}()

// state is the answer for one of the four states of polling.
func stateAnswer(code string) *answer {
	return &answer{status: http.StatusBadRequest, code: code, body: polling[code]}
}

var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
	noCache  = []string{"no-cache"}
)

// send writes an answer. Nothing here may be kept by a cache (RFC 6749 section
// 5.1, OAuth 2.1 section 3.2.3).
func (a *answer) send(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Pragma"] = jsonType, noStore, noCache
	for k, v := range a.header {
		h[k] = v
	}
	body := a.body
	if body == nil {
		body = a.render()
	}
	w.WriteHeader(a.status)
	w.Write(body) // a client that has gone away is its own business
}

func (a *answer) render() []byte {
	members := map[string]any{}
	if a.code != "" {
		members["error"] = a.code
	}
	for k, v := range a.members {
		members[k] = v
	}
	body, err := json.Marshal(members)
	if err != nil {
		panic(err) // they are strings and numbers
	}
	return body
}
