package main

import (
	"context"
	"net/http"

	"github.com/dfcheck/dfcheck/load/scrape"
)

// scraper reads the server's own metrics at an address, nil where there is none. Its
// error says why they cannot be read.
func scraper(ctx context.Context, at string) (func(context.Context) (map[string]float64, error), error) {
	if at == "" {
		return nil, nil
	}
	source, err := scrape.New(at, http.DefaultTransport)
	if err != nil {
		return nil, err
	}
	if _, err := source.Read(ctx); err != nil {
		return nil, err
	}
	return source.Read, nil
}
