// Package metrics shows a load run to Prometheus while it goes on. It keeps nothing:
// at each scrape it reads the figures that the run has.
package metrics
