// Package scrape reads a few of a server's own metrics in the text format of Prometheus.
//
// A map:
//
//   - scrape.go: fetching and reading them;
//   - figures.go: which figures are read, and in which families servers show them.
package scrape
