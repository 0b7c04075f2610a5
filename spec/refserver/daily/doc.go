// Package daily chooses what of many alike servers a test runs under the race detector.
// Tests use it, nothing else.
package daily
