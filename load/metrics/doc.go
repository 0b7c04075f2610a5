// Package metrics shows a load run to Prometheus while it goes on, which asks for them
// (Handler), or to a receiver of OpenTelemetry, which gets them (Push). It keeps nothing:
// each time it reads the figures that the run has.
package metrics
