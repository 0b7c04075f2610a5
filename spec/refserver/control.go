package refserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// A Controlled server shows its flows and has its faults switched.
type Controlled interface {
	Flows() []Flow
	On() []Fault     // that are on
	Choice() []Fault // that can be switched on
	Switch(faults ...Fault) error
}

// Control serves the control page of a server: its flows at /flows, and its faults, which
// POST /faults switches with the form fields fault and state.
//
// It asks nobody who he is: serve it to this machine alone, and answer no request for
// another host than the one it is served at. Requests that a browser sends for other
// sites are refused.
func Control(title string, c Controlled) http.Handler {
	p := &controlPage{title, c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.serve)
	mux.HandleFunc("GET /flows", p.serveFlows)
	mux.HandleFunc("GET /faults", p.serveFaults)
	mux.HandleFunc("POST /faults", p.serveSwitch)
	return http.NewCrossOriginProtection().Handler(mux)
}

type controlPage struct {
	title string
	of    Controlled
}

// controlView is what the page shows.
type controlView struct {
	Title, Problem, Search string
	Flows                  []Flow
	Most                   int
	On, Off                []Fault
}

// maxForm bounds a request that switches faults, in bytes.
const maxForm = 64 << 10

func (p *controlPage) serve(w http.ResponseWriter, r *http.Request) { p.show(w, r, http.StatusOK, "") }

func (p *controlPage) show(w http.ResponseWriter, r *http.Request, status int, problem string) {
	v := controlView{Title: p.title, Problem: problem, Search: strings.TrimSpace(r.URL.Query().Get("search"))}
	v.On = p.of.On()
	for _, f := range p.of.Choice() {
		text := strings.ToLower(f.Name + " " + f.Check + " " + f.Doc)
		if !isOn(v.On, f) && strings.Contains(text, strings.ToLower(v.Search)) {
			v.Off = append(v.Off, f)
		}
	}
	render(w, status, "control.html", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "+
		"frame-src 'self'; frame-ancestors 'none'", v)
}

func isOn(on []Fault, f Fault) bool {
	return slices.ContainsFunc(on, func(g Fault) bool { return g.Name == f.Name })
}

// serveFlows lists the flows for a program, or as the page that is shown in the frame of
// the control page and fetches itself again.
func (p *controlPage) serveFlows(w http.ResponseWriter, r *http.Request) {
	if !byBrowser(r) {
		sendJSON(w, http.StatusOK, map[string]any{"flows": p.of.Flows()})
		return
	}
	w.Header().Set("Refresh", "2")
	render(w, http.StatusOK, "flows.html", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
		controlView{Title: "Flows", Flows: p.of.Flows(), Most: mostFlows})
}

func (p *controlPage) serveFaults(w http.ResponseWriter, r *http.Request) {
	sendJSON(w, http.StatusOK, map[string]any{"on": names(p.of.On()), "choice": names(p.of.Choice())})
}

// serveSwitch switches faults: the fields fault, which may be repeated, and state, which
// is on or off. Off without a fault switches all of them off.
func (p *controlPage) serveSwitch(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	if err == nil {
		err = p.switchTo(r.PostForm["fault"], r.PostForm.Get("state"))
	}
	switch {
	case err != nil && byBrowser(r):
		p.show(w, r, http.StatusBadRequest, err.Error())
	case err != nil:
		sendJSON(w, http.StatusBadRequest, map[string]any{"message": err.Error()})
	case byBrowser(r):
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		sendJSON(w, http.StatusOK, map[string]any{"on": names(p.of.On())})
	}
}

func (p *controlPage) switchTo(asked []string, state string) error {
	var faults []Fault
	for _, name := range asked {
		f, err := FaultNamed(name)
		if err != nil {
			return err
		}
		faults = append(faults, f)
	}
	on := p.of.On()
	switch {
	case state == "on" && len(faults) > 0:
		for _, f := range faults {
			if !isOn(on, f) {
				on = append(on, f)
			}
		}
	case state == "off":
		on = slices.DeleteFunc(on, func(f Fault) bool { return len(faults) == 0 || isOn(faults, f) })
	default:
		return errors.New("send the form fields fault=NAME and state=on or state=off")
	}
	return p.of.Switch(on...)
}

func names(faults []Fault) []string {
	out := make([]string, len(faults))
	for i, f := range faults {
		out[i] = f.Name
	}
	return out
}

// byBrowser reports whether a person is to read the answer.
func byBrowser(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

func sendJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = jsonType, noStore
	h.Set("X-Content-Type-Options", "nosniff")
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers
	}
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // whoever has gone does not mind
}

// render sends one of the pages under a Content-Security-Policy.
func render(w http.ResponseWriter, status int, page, policy string, v any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, page, v); err != nil {
		panic(err) // the templates are embedded and their data plain
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	if policy != "" {
		h.Set("Content-Security-Policy", policy)
		if !strings.Contains(policy, "frame-ancestors 'self'") {
			h.Set("X-Frame-Options", "DENY")
		}
	}
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
