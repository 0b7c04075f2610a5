// Package live serves the page of a run while it goes on. It is told nothing: it asks
// for a report when somebody looks.
package live

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/reports"
)

// A Page is the page of one run, and its server.
type Page struct {
	// Report is the run as it stands. It may be called from several goroutines.
	report func() (*reports.Report, reports.Growing, error)
	guard  reports.Guard

	mu    sync.Mutex
	text  []byte // the page as it was last made
	fresh time.Time
	final bool

	over    chan struct{}
	viewers sync.WaitGroup
}

// New is the page of a run. guard reads it before anybody else does; it may be nil.
func New(report func() (*reports.Report, reports.Growing, error), guard reports.Guard) *Page {
	return &Page{report: report, guard: guard, over: make(chan struct{})}
}

const (
	// every is how often a page grows, at most.
	every = 2 * time.Second
	// share of a processor that making pages may take, at most.
	share = 0.05
	// goodbye is how long viewers have to fetch the last page.
	goodbye = 3 * time.Second
)

// ServeHTTP serves the page at / and its events at /events.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
	case r.URL.Path == "/":
		p.servePage(w)
	case r.URL.Path == "/events":
		p.serveEvents(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (p *Page) servePage(w http.ResponseWriter) {
	text, err := p.page()
	if err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(text) // whoever has gone does not mind
}

// page is the page as it stands, or stood a moment ago: however many look, and however
// long it is, making it must not take the machine from the run.
func (p *Page) page() ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.text != nil && (p.final || time.Now().Before(p.fresh)) {
		return p.text, nil
	}
	began := time.Now()
	r, g, err := p.report()
	if err != nil {
		return nil, err
	}
	text, err := p.render(r, g)
	if err != nil {
		return nil, err
	}
	p.text = text
	p.fresh = time.Now().Add(max(every/2, time.Duration(float64(time.Since(began))/share)))
	return text, nil
}

func (p *Page) render(r *reports.Report, g reports.Growing) ([]byte, error) {
	var b bytes.Buffer
	err := reports.WriteGrowing(&b, r, g)
	if err == nil && p.guard != nil {
		err = p.guard("the live page", b.Bytes())
	}
	return b.Bytes(), err
}

// serveEvents says when there is more to see, until the run is over.
func (p *Page) serveEvents(w http.ResponseWriter, r *http.Request) {
	select {
	case <-p.over: // End does not wait for those who come now
	default:
		p.viewers.Add(1)
		defer p.viewers.Done()
	}
	w.Header().Set("Content-Type", "text/event-stream")
	answer := http.NewResponseController(w)
	tell := func(event string) bool {
		_, err := fmt.Fprintf(w, "event: %s\ndata:\n\n", event)
		return err == nil && answer.Flush() == nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for tell("grown") {
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-p.over:
			if tell("over") { // the viewer hangs up when it has the last page
				<-r.Context().Done()
			}
			return
		}
	}
}

// End shows the report of a run that is over, and waits a moment for those who look to
// have seen it.
func (p *Page) End(r *reports.Report) error {
	text, err := p.render(r, reports.Growing{Over: true})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.text, p.final = text, true
	p.mu.Unlock()
	close(p.over)
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	go func() {
		p.viewers.Wait()
		cancel()
	}()
	<-ctx.Done()
	return nil
}
