package main

import (
	"context"
	"net/http"

	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/load/scrape"
)

// addScrape adds the flag for the server's own metrics.
func (f *loadFlags) addScrape(fs *pflag.FlagSet) {
	fs.StringVar(&f.scrape, "scrape", "",
		"look at the server's own metrics while the run goes on: `URL` of its text for Prometheus; the first of several "+
			"shards does")
}

// scraper reads the server's own metrics at an address, nil where there is none. Its
// error, of usage, says why they cannot be read.
func scraper(ctx context.Context, at string) (func(context.Context) (map[string]float64, error), error) {
	if at == "" {
		return nil, nil
	}
	source, err := scrape.New(at, http.DefaultTransport)
	if err == nil {
		_, err = source.Read(ctx)
	}
	if err != nil {
		return nil, usage(err, "--scrape takes the URL at which the server shows its metrics to Prometheus")
	}
	return source.Read, nil
}
